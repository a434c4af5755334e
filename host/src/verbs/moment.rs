//! A moment as people write it.

/// Milliseconds since 1970 of `2026-11-23`, `2026-11-23T18:30` or `2026-11-23T18:30:05` (UTC), or of seconds since 1970.
///
/// # Errors
/// It is none of these; the text says what to write.
pub fn unix_ms(text: &str) -> Result<i64, String> {
    let seconds = text.parse().ok().or_else(|| calendar(text));
    let milliseconds = seconds.and_then(|seconds: i64| seconds.checked_mul(1000));
    milliseconds.ok_or_else(|| "write 2026-11-23, 2026-11-23T18:30 (UTC), or seconds since 1970".to_owned())
}

fn calendar(text: &str) -> Option<i64> {
    let (date, time) = text.trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let numbers = |text: &str, between: char| -> Option<Vec<i64>> {
        text.split(between).map(|part| part.parse().ok().filter(|n| (0..=9999).contains(n))).collect()
    };
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let &[year, month, day] = date.as_slice() else { return None };
    let (hour, minute, second) = match *time.as_slice() {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1970..=9999).contains(&year) || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Leap days before this year, less those before 1970.
    let leaps = |year: i64| (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    let before: i64 = lengths[..usize::try_from(month - 1).ok()?].iter().sum();
    let days = 365 * (year - 1970) + leaps(year) - leaps(1970) + before + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::unix_ms;

    #[test]
    fn dates_are_what_date_says_they_are() {
        // `date -u -d … +%s`
        assert_eq!(unix_ms("2026-11-23"), Ok(1_795_392_000_000));
        assert_eq!(unix_ms("2026-11-23T18:30"), Ok(1_795_458_600_000));
        assert_eq!(unix_ms("2024-02-29 00:00:01Z"), Ok(1_709_164_801_000));
        assert_eq!(unix_ms("1709164801"), Ok(1_709_164_801_000));
        for wrong in ["2026-02-29", "2026-13-01", "yesterday", "2026-11-23T24:00", "9223372036854775807"] {
            assert!(unix_ms(wrong).unwrap_err().contains("write 2026"), "{wrong}");
        }
    }
}
