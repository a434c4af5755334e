//! The store while it works, and the way back when it does not.

use super::{Report, Settings};
use crate::store::{Reserve, Store, StoreError, file_of, free_bytes, rescue};
use crossbeam_channel::Sender;
use std::time::{Duration, Instant};

/// The first wait before a store that failed is tried again; each further one is twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Keeps the store open.
pub struct Keeper {
    settings: Settings,
    reports: Sender<Report>,
    store: Option<Store>,
    /// Which file it is, by device and number: its name may be another's by now.
    opened: Option<(u64, u64)>,
    retry: Duration,
    retry_at: Instant,
    /// What was said last, so that a fault that stays is said once.
    said: Option<String>,
}

impl Keeper {
    pub fn new(settings: Settings, reports: Sender<Report>) -> Self {
        Self { settings, reports, store: None, opened: None, retry: FIRST_RETRY, retry_at: Instant::now(), said: None }
    }

    /// Says something; if nobody reads, nobody is made to wait.
    pub fn say(&self, report: Report) {
        let _ = self.reports.try_send(report);
    }

    /// Opens the store if it is not and it is time to try.
    pub fn tend(&mut self) {
        if self.store.is_none() && Instant::now() >= self.retry_at {
            let _ = self.open();
        }
    }

    /// The store, opened now if it was not. What is written to a file that was deleted would be nowhere: that is a fault,
    /// and the store is begun anew a moment later.
    pub fn store(&mut self) -> Result<&mut Store, String> {
        if self.store.is_none() {
            self.open()?;
        } else if file_of(&self.settings.file()) != self.opened {
            self.store = None;
            let why = format!("{} was deleted while the box was using it", self.settings.file().display());
            self.failed(why.clone());
            return Err(why);
        }
        self.store.as_mut().ok_or_else(|| "the store is closed; try again".into())
    }

    /// The disk failed: the store is closed, so that opening it anew puts in order what was left. A damaged file is
    /// put aside at once.
    pub fn fault(&mut self, error: &StoreError) {
        self.store = None;
        if matches!(error, StoreError::Corrupt(_)) {
            self.fault_said(error.to_string());
            if self.put_aside().is_ok() {
                let _ = self.open();
            }
        } else {
            self.failed(error.to_string());
        }
    }

    /// Whether there is room for a while of recording: deletes takes that a laptop holds where the config allows.
    pub fn room(&mut self) -> Result<(), String> {
        self.store()?;
        let folder = &self.settings.folder;
        Reserve::beside(&self.settings.file()).keep(self.settings.margin_bytes);
        let free = free_bytes(folder).map_err(|error| format!("{}: {error}; check the disk", folder.display()))?;
        self.make_room(free).unwrap_or_else(|error| {
            self.fault(&error);
            Err(error.to_string())
        })
    }

    fn make_room(&mut self, free: u64) -> Result<Result<(), String>, StoreError> {
        let Settings { quota_bytes, margin_bytes, prune_held, .. } = self.settings;
        let Some(store) = &mut self.store else { return Ok(Err("the store is closed; try again".into())) };
        loop {
            let full = if store.used_bytes()? >= quota_bytes {
                format!("takes fill their {} MB (recording.quota_mb)", quota_bytes >> 20)
            } else if free + store.reusable_bytes()? < margin_bytes {
                format!("the disk has only {} MB left", free >> 20)
            } else {
                return Ok(Ok(()));
            };
            let held = if prune_held { store.oldest_held()? } else { None };
            let Some(held) = held else {
                return Ok(Err(format!("{full}; pull the takes to a laptop and prune them")));
            };
            store.prune(held)?;
            let _ = self.reports.try_send(Report::Pruned(held));
        }
    }

    fn open(&mut self) -> Result<(), String> {
        let file = self.settings.file();
        let reserve = Reserve::beside(&file);
        let mut opened = Store::open_box(&file, &self.settings.box_name);
        if matches!(opened, Err(StoreError::Full)) && reserve.give_up() {
            opened = Store::open_box(&file, &self.settings.box_name);
        }
        if let Err(error @ StoreError::Corrupt(_)) = &opened {
            self.fault_said(error.to_string());
            self.put_aside()?;
            opened = Store::open_box(&file, &self.settings.box_name);
        }
        match opened {
            Ok((store, interrupted)) => {
                (self.store, self.opened) = (Some(store), file_of(&file));
                (self.retry, self.said) = (FIRST_RETRY, None);
                reserve.keep(self.settings.margin_bytes);
                self.say(Report::Ready { interrupted: interrupted.iter().map(|take| take.id).collect() });
                Ok(())
            }
            Err(error) => {
                self.failed(error.to_string());
                Err(error.to_string())
            }
        }
    }

    fn put_aside(&mut self) -> Result<(), String> {
        match rescue(&self.settings.file()) {
            Ok(rescued) => {
                self.say(Report::SetAside(Box::new(rescued)));
                Ok(())
            }
            Err(error) => {
                let why = format!("the damaged file of takes cannot be put aside ({error}); check the disk");
                self.failed(why.clone());
                Err(why)
            }
        }
    }

    fn failed(&mut self, why: String) {
        self.retry_at = Instant::now() + self.retry;
        self.retry = (self.retry * 2).min(LONGEST_RETRY);
        self.fault_said(why);
    }

    fn fault_said(&mut self, why: String) {
        if self.said.as_ref() != Some(&why) {
            self.say(Report::Fault(why.clone()));
            self.said = Some(why);
        }
    }
}
