//! Probabilities that are as often right as they say, and when to say none.

use rasika_models::Rasa;

/// Log-odds of a frame, and what it shows.
pub type Judged = ([f32; Rasa::COUNT], Rasa);

/// Bounds of the temperature: beyond them the held-out frames say nothing of use.
const COOLEST: f32 = 0.2;
const HOTTEST: f32 = 400.0;
/// Steps of the search between them, each by the golden section of what is left.
const STEPS: usize = 40;
/// No rasa below this is ever named, and none above that is ever refused.
const LEAST_REJECT: f32 = 0.3;
const MOST_REJECT: f32 = 0.6;
/// Share of the rightly named held-out frames that the threshold may cost.
const REFUSED: f32 = 0.01;

/// Probabilities of log-odds at a temperature.
pub fn softmax(logits: &[f32; Rasa::COUNT], temperature: f32) -> [f32; Rasa::COUNT] {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let parts = logits.map(|logit| ((logit - top) / temperature).exp());
    let sum: f32 = parts.iter().sum();
    parts.map(|part| part / sum)
}

/// Mean surprise at what frames show, in nats, every rasa counting alike.
pub fn surprise(judged: &[Judged], temperature: f32) -> f64 {
    let mut sums = [(0.0, 0.0); Rasa::COUNT];
    for (logits, rasa) in judged {
        let (total, count) = &mut sums[rasa.index()];
        *total -= f64::from(softmax(logits, temperature)[rasa.index()].max(1e-12).ln());
        *count += 1.0;
    }
    let means: Vec<f64> = sums.iter().filter(|(_, count)| *count > 0.0).map(|(total, count)| total / count).collect();
    means.iter().sum::<f64>() / means.len().max(1) as f64
}

/// The temperature of least surprise.
pub fn temperature(judged: &[Judged]) -> f32 {
    let (mut low, mut high) = (COOLEST.ln(), HOTTEST.ln());
    let golden = 0.618_034;
    for _ in 0..STEPS {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if surprise(judged, a.exp()) < surprise(judged, b.exp()) { high = b } else { low = a }
    }
    f32::midpoint(low, high).exp()
}

/// The likelihood below which a model says none.
pub fn reject(judged: &[Judged], temperature: f32) -> f32 {
    let right = judged.iter().filter_map(|(logits, rasa)| {
        let probabilities = softmax(logits, temperature);
        let most = probabilities.iter().copied().fold(0.0, f32::max);
        (probabilities[rasa.index()] >= most).then_some(most)
    });
    let mut right: Vec<f32> = right.collect();
    right.sort_by(f32::total_cmp);
    let place = (right.len() as f32 * REFUSED) as usize;
    right.get(place).map_or(LEAST_REJECT, |likely| likely.clamp(LEAST_REJECT, MOST_REJECT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_odds_that_are_three_times_too_sure_are_cooled_by_three() {
        // Two rasas; the truth is drawn as often as the honest log-odds of 1 say: 73 in 100.
        let judged: Vec<Judged> = (0..1000)
            .map(|i| {
                let mut logits = [-1e4; Rasa::COUNT];
                (logits[0], logits[1]) = (3.0, 0.0);
                (logits, Rasa::ALL[usize::from(i % 100 >= 73)])
            })
            .collect();
        // Rasas count alike in training, so each side gets its share here too.
        let even: Vec<Judged> = judged
            .iter()
            .flat_map(|(logits, rasa)| {
                let mut other = *logits;
                other.swap(0, 1);
                [(*logits, *rasa), (other, Rasa::ALL[1 - rasa.index()])]
            })
            .collect();
        assert!((temperature(&even) - 3.0).abs() < 0.1, "{}", temperature(&even));
    }
}
