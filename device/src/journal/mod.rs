//! What the box says, kept for whoever asks later: its last lines, also those of before a restart, and those to come.

mod file;

use crate::link::message::bounds::cut;
use rasika_models::plain;
use std::collections::VecDeque;
use std::path::Path;
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
    written: Option<file::Writer>,
}

impl Default for Journal {
    fn default() -> Self {
        let lines = Mutex::new(VecDeque::with_capacity(LINES));
        Self(Arc::new(Kept { lines, coming: broadcast::Sender::new(256), written: None }))
    }
}

impl Journal {
    /// One whose lines are written down in a folder, and that begins with those that were written there before. Where
    /// nothing can be written, it keeps them in memory.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        let lines = Mutex::new(file::read(folder, LINES).into_iter().map(Arc::from).collect());
        let written = file::Writer::start(folder).ok();
        Self(Arc::new(Kept { lines, coming: broadcast::Sender::new(256), written }))
    }

    /// Keeps a line, with the time in UTC before it.
    pub fn say(&self, line: &str) {
        let line = format!("{} {}", now(), plain::line(line));
        let line = cut(&line, LINE_BYTES);
        if let Some(written) = &self.0.written {
            written.write(line);
        }
        let mut lines = self.lines();
        if lines.len() >= LINES {
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

/// Day and time in UTC: lines of yesterday are among them.
fn now() -> String {
    let moment = crate::store::date_of(crate::store::Moment::now().unix_ms / 1000);
    let (day, time) = moment.split_once('T').unwrap_or_default();
    format!("{day} {}", time.replace('-', ":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_before_a_restart_are_there_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::in_folder(folder.path());
        journal.say("before");
        drop(journal);
        let journal = Journal::in_folder(folder.path());
        journal.say("after");
        let last = journal.last(10);
        assert!(last.len() == 2 && last[0].ends_with(" before") && last[1].ends_with(" after"), "{last:?}");
        // Where nothing can be written it goes on in memory.
        let nowhere = Journal::in_folder(&folder.path().join("journal.log/nowhere"));
        nowhere.say("heard");
        assert!(nowhere.last(1)[0].ends_with("heard"));
    }

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
