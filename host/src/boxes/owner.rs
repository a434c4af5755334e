//! The person at this laptop while it is paired: sees its digits, and says what the box blinks.

use std::future::Future;
use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result, bail};
use rasika_device::link::Owner;
use tokio::sync::oneshot;

use crate::{say, say_lines};

/// How the person says yes. Whoever cannot say no is not asked, and nothing is paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yes {
    /// By typing, in a terminal.
    Typed,
    /// What a program reads off the box and writes into the standard input: the digits, in a line.
    Written,
    /// Only if the digits are these.
    If([u8; 3]),
}

impl Yes {
    /// What `--yes` says, `-` for the standard input; without it there must be a terminal.
    ///
    /// # Errors
    /// There is none, or three digits are not what was given.
    pub fn given(yes: Option<&str>) -> Result<Self> {
        match yes {
            Some("-") => Ok(Self::Written),
            Some(given) => {
                let digits = digits(given);
                let digits = digits.with_context(|| format!("'{given}' is not what a box blinks: three digits"))?;
                Ok(Self::If(digits))
            }
            None if std::io::stdin().is_terminal() => Ok(Self::Typed),
            None => bail!(
                "nobody is at this terminal to compare digits with the box; run it where somebody is, or with `--yes -` and the digits that the box blinks on the standard input"
            ),
        }
    }
}

/// Three digits, whatever stands between them.
fn digits(text: &str) -> Option<[u8; 3]> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, ',' | '-'));
    let digits: Option<Vec<u8>> = letters.map(|letter| letter.to_digit(10).map(|digit| digit as u8)).collect();
    digits?.try_into().ok()
}

/// The person.
#[derive(Debug)]
pub struct Person(pub Yes);

impl Owner for Person {
    fn waits(&mut self) {
        crate::warn(
            "the box lets this laptop wait: another asks, or this one asked a moment ago; digits that it blinks now are not for this laptop: refuse them with SELECT there, or wait",
        );
    }

    fn compare(&mut self, shown: [u8; 3]) -> impl Future<Output = bool> + Send {
        let yes = self.0;
        async move {
            let [a, b, c] = shown;
            let ask = match yes {
                Yes::Typed => {
                    "\nDoes the box blink the same? Type the three digits that it blinks (y will do), or Enter alone if not."
                }
                Yes::Written | Yes::If(_) => "",
            };
            let agreed = say_lines(&format!("{a} {b} {c}{ask}")).is_ok()
                && match yes {
                    Yes::If(given) => given == shown,
                    Yes::Typed => {
                        let line = line().await;
                        matches!(line.trim(), "y" | "Y" | "yes") || digits(&line) == Some(shown)
                    }
                    Yes::Written => digits(&line().await) == Some(shown),
                };
            if agreed {
                let _ = say("Now press RECORD at the box, unless somebody has.");
            }
            agreed
        }
    }
}

/// A line of the standard input; empty at its end. Its thread is nobody's to wait for: the box may say no meanwhile.
async fn line() -> String {
    let (read, line) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().lock().read_line(&mut line);
        let _ = read.send(line);
    });
    line.await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_people_type_them() {
        for text in ["407", "4 0 7\n", " 4-0-7", "4,0,7"] {
            assert_eq!(digits(text), Some([4, 0, 7]), "{text}");
        }
        for text in ["", "40", "4070", "4 0 x", "y"] {
            assert_eq!(digits(text), None, "{text}");
        }
        assert_eq!(Yes::given(Some("-")).unwrap(), Yes::Written);
        assert!(Yes::given(Some("yes")).is_err() && Yes::given(Some("")).is_err());
    }
}
