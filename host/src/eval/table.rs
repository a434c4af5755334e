//! Scores in words and columns, for a terminal.

use std::fmt::Write as _;

use rasika_models::Rasa;
use rasika_models::package::Scores;

/// The figures, a line for each rasa, and who is mistaken for whom in percent of the rasa's frames.
pub fn lines(scores: &Scores, takes_of: &[usize; Rasa::COUNT]) -> String {
    let mut text = format!(
        "{} frames, kept apart by {}: accuracy {:.3}, balanced {:.3}, calibration error {:.3}\n\
         says none to {:.1} % of them, and of the others names {:.1} % rightly\n",
        scores.frames,
        scores.split,
        scores.accuracy,
        scores.balanced_accuracy,
        scores.calibration_error,
        100.0 * scores.refused,
        100.0 * scores.accuracy_of_named
    );
    let heads = Rasa::ALL.map(|rasa| format!("{:>6}", &rasa.name()[..5])).concat();
    let _ = writeln!(text, "\n{:<11}{:>7}{:>8}{:>10}  {heads}", "", "frames", "recall", "precision");
    for (score, row) in scores.per_rasa.iter().zip(&scores.confusion) {
        let name = score.rasa.name();
        let Some(recall) = score.recall else {
            let why = match takes_of[score.rasa.index()] {
                0 => "no take",
                1 => "untested: one take only, all of it is learned from",
                _ => "untested",
            };
            let _ = writeln!(text, "{name:<11}{why}");
            continue;
        };
        let precision = score.precision.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let cells = row.map(|count| match count {
            0 => format!("{:>6}", "·"),
            _ => format!("{:>6.0}", 100.0 * count as f64 / score.frames as f64),
        });
        let _ = writeln!(text, "{name:<11}{:>7}{recall:>8.2}{precision:>10}  {}", score.frames, cells.concat());
    }
    text
}
