//! The name that was meant.

/// The nearest of the names, if it is near enough to be meant: a third of its letters wrong at most, or two.
pub fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    let distances = names.iter().map(|name| (distance(&wrong.to_lowercase(), name), *name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (name.len() / 3).max(2) && distance < name.len()).then_some(name)
}

/// Letters to add, leave out, change, or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let names = ["select", "record", "record_led", "brightness"];
        assert_eq!(nearest("slect", &names), Some("select"));
        assert_eq!(nearest("recrod", &names), Some("record"));
        assert_eq!(nearest("Brightnes", &names), Some("brightness"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(nearest("", &names), None);
    }

    #[test]
    fn distances_are_counted_in_letters() {
        assert_eq!(
            [distance("", "abc"), distance("abc", "abc"), distance("acb", "abc"), distance("rate", "raten")],
            [3, 0, 1, 1]
        );
    }
}
