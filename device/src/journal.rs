//! What the box says, kept for whoever asks later: its last lines, and those to come.

use crate::link::message::bounds::cut;
use rasika_models::plain;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// So many lines are kept.
const LINES: usize = 1000;
/// A longer line is cut.
const LINE_BYTES: usize = 1000;

/// The journal. Clones are the same.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    lines: Mutex<VecDeque<Arc<str>>>,
    coming: broadcast::Sender<String>,
}

impl Default for Journal {
    fn default() -> Self {
        let lines = Mutex::new(VecDeque::with_capacity(LINES));
        Self(Arc::new(Kept { lines, coming: broadcast::Sender::new(256) }))
    }
}

impl Journal {
    /// Keeps a line, with the time in UTC before it.
    pub fn say(&self, line: &str) {
        let line = format!("{} {}", time_of_day(), plain::line(line));
        let line = cut(&line, LINE_BYTES);
        let mut lines = self.lines();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line.into());
        drop(lines);
        let _ = self.0.coming.send(line.to_owned());
    }

    /// The last lines, oldest first.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<Arc<str>> {
        let lines = self.lines();
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }

    /// Lines to come.
    #[must_use]
    pub fn coming(&self) -> broadcast::Receiver<String> {
        self.0.coming.subscribe()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<Arc<str>>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn time_of_day() -> String {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let second = since_1970.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_no_more() {
        let journal = Journal::default();
        for number in 0..LINES + 5 {
            journal.say(&format!("line {number}\x1b[2J"));
        }
        let last = journal.last(2);
        assert!(last[1].ends_with(&format!("line {}\\u001b[2J", LINES + 4)), "{last:?}");
        assert_eq!(journal.last(usize::MAX).len(), LINES);
        journal.say(&"é".repeat(LINE_BYTES));
        assert!(journal.last(1)[0].len() <= LINE_BYTES);
    }
}
