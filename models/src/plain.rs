//! What others wrote, as a terminal may show it: names, labels, logs, refusals, names of files.
//!
//! A terminal obeys some characters, turns the order of others around, and shows nothing at all for a third kind, so that a
//! name may clear the screen, look like another, or forge a line. Each such character is written as JSON escapes it
//! (`\u001b`): a text shows what is in it, and a line of JSON stays the same JSON.
//!
//! Everything that the programs print goes through here.

use std::borrow::Cow;
use std::fmt::Write as _;

/// More marks than this on one letter are no script but a tower over other lines. Vedic accents on a vowel sign need four.
const MARKS: usize = 4;

/// A text in one line: its line ends are escaped too.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// A text of our own of several lines, with what others wrote in it. A line end of theirs cannot be told from ours: give
/// what may hold one to [`line`] first.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

fn escaped(text: &str, with_line_ends: bool) -> Cow<'_, str> {
    let is_plain = |letter: char| matches!(letter, ' '..='~') || with_line_ends && letter == '\n';
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut marks, mut before) = (String::with_capacity(text.len() + 16), 0, ' ');
    for letter in text.chars() {
        marks = if is_mark(letter) { marks + 1 } else { 0 };
        if is_plain(letter) || is_seen(letter) && marks <= MARKS || joins(before, letter) {
            shown.push(letter);
        } else {
            escape(letter, &mut shown);
        }
        before = letter;
    }
    Cow::Owned(shown)
}

/// As JSON does: `\n`, `\u202e`, and two halves beyond the sixteenth bit.
fn escape(letter: char, shown: &mut String) {
    match letter {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        _ => letter.encode_utf16(&mut [0; 2]).iter().for_each(|half| {
            // Writing to a String does not fail.
            let _ = write!(shown, "\\u{half:04x}");
        }),
    }
}

/// Whether a letter that is not ASCII shows itself, and does nothing else: no control or format character, no separator,
/// nothing that Unicode has not assigned, and none that is drawn as nothing.
fn is_seen(letter: char) -> bool {
    !letter.is_ascii() && !is_blank(letter) && is_printable(letter)
}

/// As the standard library's tables have it; behind a letter, as marks alone are escaped there too.
fn is_printable(letter: char) -> bool {
    let pair: String = ['a', letter].into_iter().collect();
    pair.escape_debug().nth(2).is_none()
}

/// Printable and still nothing to see: what Unicode calls default ignorable, and the empty Braille cell.
fn is_blank(letter: char) -> bool {
    matches!(letter,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether it stands on the letter before it.
fn is_mark(letter: char) -> bool {
    !letter.is_ascii() && is_printable(letter) && letter.escape_debug().nth(1).is_some()
}

/// A joiner or non-joiner behind a virama chooses a form of the letter, and Indian names need it (RFC 5892, A.1 and A.2).
fn joins(before: char, letter: char) -> bool {
    const VIRAMAS: [char; 9] =
        ['\u{94d}', '\u{9cd}', '\u{a4d}', '\u{acd}', '\u{b4d}', '\u{bcd}', '\u{c4d}', '\u{ccd}', '\u{d4d}'];
    matches!(letter, '\u{200c}' | '\u{200d}') && VIRAMAS.contains(&before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_seen_instead() {
        assert_eq!(
            line("box\x1b[2J\x07\u{9b}31m\x7f\r\n\t\0"),
            "box\\u001b[2J\\u0007\\u009b31m\\u007f\\r\\n\\t\\u0000"
        );
        assert_eq!(lines("one\ntwo\x1b]0;x\x07"), "one\ntwo\\u001b]0;x\\u0007");
    }

    #[test]
    fn nothing_turns_the_order_of_letters_around_or_hides() {
        let hidden = "\u{200b}\u{200d}\u{200e}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{ad}\u{61c}\u{2028}\u{2029}\
            \u{a0}\u{3164}\u{115f}\u{2800}\u{fe0f}\u{e0041}\u{e0100}\u{34f}\u{fff9}\u{180e}\u{e000}\u{378}";
        for letter in hidden.chars() {
            let shown = line(&format!("a{letter}b")).into_owned();
            assert!(shown.is_ascii() && shown.starts_with("a\\u"), "{:x}: {shown}", letter as u32);
        }
        assert_eq!(line("\u{e0041}"), "\\udb40\\udc41");
    }

    #[test]
    fn names_of_people_stay_as_they_are() {
        for name in ["Studio Ä", "रागिणी", "ক্ষ", "ശില്‍പ", "क्‍ष", "Ravi 🎹", "שלום", "日本", "é", "a\\b \"c\" 'd'"]
        {
            assert!(!line(name).contains("\\u"), "{}", line(name));
        }
        assert_eq!(line(&format!("Z{}", "\u{301}".repeat(50))).matches("\\u0301").count(), 46);
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let value = serde_json::json!({ "na\u{202e}me\n": "\x1b[31m\u{9b}\u{e0041}\u{7f}\u{feff}\"\\ é" });
        let shown = lines(&serde_json::to_string_pretty(&value).unwrap()).into_owned();
        assert!(shown.contains("\\u202e") && shown.contains("\\udb40\\udc41"), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
