//! The box as the link asks it: takes from the store, files from the shelf, everything else from its parts.

use super::shown::Shown;
use super::takes::{fits, id_of, info_of, told_of};
use crate::control::Report;
use crate::journal::Journal;
use crate::link::message::{
    BoxId, FileKind, FileName, FileState, Hash, Label, MoodNow, Proof, Pruned, PublicKey, Reason, Refusal, Status,
    TakeId, TakeInfo,
};
use crate::link::{BoxSide, Inbox, Opened, SET_BACK};
use crate::shelf::{ANOTHER_CHANGES, Before, PROVING, Shelf, ShelfError};
use crate::store::{self, Reserve, Store, StoreError, TakeHash};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, watch};

/// Said to whoever would have the box start anew while a take is being recorded.
pub const TAKE_RUNS: &str =
    "a take is being recorded, and the box would start anew for this; do it again when it has ended";

/// Under this name a laptop gets all settings in force, wherever each comes from.
pub const IN_FORCE: &str = "in-force";

/// Checks a file that was pushed before it is kept, and says what it is in a line.
pub type Check = Box<dyn Fn(FileKind, &FileName, &Path) -> Result<String, String> + Send + Sync>;
/// Puts in force what the shelf says of a kind; an error says why it cannot be.
pub type Adopt = Arc<dyn Fn(FileKind) -> Result<(), String> + Send + Sync>;

/// The parts of the box that laptops have to do with.
pub struct Parts {
    /// How the box calls itself.
    pub name: String,
    /// Its file of takes.
    pub takes: PathBuf,
    /// So much of the disk is left free by what is pushed.
    pub margin_bytes: u64,
    /// Its shelf.
    pub shelf: Arc<Shelf>,
    /// What it shows.
    pub shown: Arc<Shown>,
    /// What it says.
    pub journal: Journal,
    /// How it plays.
    pub report: Box<dyn Fn() -> Report + Send + Sync>,
    /// Set, it ends every note.
    pub panic: Arc<AtomicBool>,
    /// Degrees Celsius of the board.
    pub temperature_c: fn() -> Option<f32>,
    /// All settings in force, as TOML.
    pub config: String,
    /// See [`Check`].
    pub check: Check,
    /// See [`Adopt`].
    pub adopt: Adopt,
}

/// The store, and which file it is, by device and number: what is said to a file that was deleted would be said to nobody.
struct Open {
    store: Store,
    file: Option<(u64, u64)>,
}

/// The box.
pub(super) struct Side {
    parts: Parts,
    inbox: Inbox,
    store: Mutex<Option<Open>>,
    last: watch::Sender<u64>,
    reserve: Reserve,
}

impl Side {
    pub fn new(parts: Parts) -> Self {
        let inbox = Inbox::new(&parts.shelf.arriving()).leaving(parts.margin_bytes);
        let reserve = Reserve::beside(&parts.takes);
        Self { parts, inbox, store: Mutex::default(), last: watch::Sender::default(), reserve }
    }

    /// The recorder has changed takes, or (`anew`) put the file aside and begun another.
    pub fn takes_changed(&self, anew: bool) {
        if anew {
            *self.store.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        if let Ok(last) = self.ask(|store, own| store.cursor(own)) {
            self.last.send_if_modified(|known| std::mem::replace(known, last) != last);
        }
    }

    /// Asks the store, opening it if need be. After an error it is opened anew. Where the disk is full, room that was kept
    /// for that is given up; where it cannot be written, the store is read as it is.
    fn ask<T>(&self, question: impl Fn(&mut Store, store::BoxId) -> Result<T, StoreError>) -> Result<T, Refusal> {
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match self.ask_in(&mut slot, &question) {
            Err(StoreError::Full) if self.reserve.give_up() => self.ask_in(&mut slot, &question),
            other => other,
        };
        let not_yet = || Refusal::new(Reason::Busy, "the box has not opened its takes yet; try again in a moment");
        answer.map_err(|error| refusal(&error))?.ok_or_else(not_yet)
    }

    fn ask_in<T>(
        &self,
        slot: &mut Option<Open>,
        question: impl Fn(&mut Store, store::BoxId) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let there = store::file_of(&self.parts.takes);
        if slot.as_ref().is_some_and(|open| open.file != there) {
            *slot = None;
        }
        if there.is_none() {
            return Ok(None);
        }
        let mut open = match slot.take() {
            Some(open) => open,
            None => Open { store: self.open()?, file: there },
        };
        let answer = open.store.own_box().and_then(|own| own.map(|own| question(&mut open.store, own)).transpose());
        let sound = match &answer {
            Ok(_) => true,
            Err(error) => matches!(error, StoreError::NoTake(_) | StoreError::NotNow(..) | StoreError::Damaged(_)),
        };
        // One that is only read is opened anew each time: the disk may be well again.
        if sound && !open.store.reads_only() {
            *slot = Some(open);
        }
        answer
    }

    fn open(&self) -> Result<Store, StoreError> {
        match Store::open(&self.parts.takes) {
            Err(StoreError::Full) if self.reserve.give_up() => Store::open(&self.parts.takes),
            other => other,
        }
        .or_else(|error| match error {
            StoreError::Full | StoreError::Unwritable(_) | StoreError::NoLog => {
                Store::open_to_read(&self.parts.takes).map_err(|_| error)
            }
            other => Err(other),
        })
    }

    /// Changes a take of this box.
    fn edit(
        &self,
        id: TakeId,
        edit: impl Fn(&mut Store, store::TakeId) -> Result<store::Take, StoreError>,
    ) -> Result<TakeInfo, Refusal> {
        let take = self.ask(|store, _| edit(store, id_of(id)))?;
        self.takes_changed(false);
        info_of(&take).ok_or_else(|| Refusal::new(Reason::Busy, "the take is not whole yet; try again in a moment"))
    }

    /// What is read at a start would end a take that is being recorded.
    fn not_in_a_take(&self, kind: FileKind) -> Result<(), Refusal> {
        match kind {
            FileKind::Model => Ok(()),
            _ if self.parts.shown.is_recording() => Err(Refusal::new(Reason::Busy, TAKE_RUNS)),
            _ => Ok(()),
        }
    }

    /// Tries what the shelf says; if it cannot be, the shelf says again what it said before.
    fn adopt(&self, kind: FileKind, before: Before) -> Result<(), Refusal> {
        (self.parts.adopt)(kind).map_err(|why| {
            let back = self.parts.shelf.put_back(kind, before).map_err(|error| error.to_string());
            let back = back.and_then(|()| (self.parts.adopt)(kind));
            let stands = back.map_or_else(|error| error, |()| "what was in force before stays".to_owned());
            Refusal::new(Reason::Invalid, format!("{why}; {stands}"))
        })
    }
}

impl BoxSide for Side {
    fn name(&self) -> String {
        self.parts.name.clone()
    }

    fn box_id(&self) -> Option<BoxId> {
        self.ask(|_, own| Ok(BoxId(own.0))).ok()
    }

    fn status(&self) -> Result<Status, Refusal> {
        let Parts { name, takes, shown, report, .. } = &self.parts;
        let report = report();
        // The box's store may be out of order; the rest is worth telling all the same.
        let counted = self.ask(|store, own| Ok((own, store.cursor(own)?, store.kept(own)?)));
        let mut faults = shown.faults();
        let (own, last_change, kept) = counted.unwrap_or_else(|refusal| {
            faults.push(refusal.what);
            (store::BoxId([0; 16]), 0, 0)
        });
        let port = |port: &crate::control::Port| match (port.open, port.losses) {
            (true, _) => format!("{}: open", port.name),
            (false, 0) => format!("{}: not there", port.name),
            (false, losses) => format!("{}: lost, {losses} times so far", port.name),
        };
        Ok(Status {
            name: name.clone(),
            box_id: BoxId(own.0),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s: report.uptime_s,
            unix_ms: store::Moment::now().unix_ms,
            last_change,
            takes: kept,
            free_bytes: store::free_bytes(takes.parent().unwrap_or(Path::new("."))).unwrap_or(0),
            recording: shown.is_recording(),
            model: shown.model_name(),
            mood: shown.moods().borrow().clone(),
            ports: report.ports.iter().map(port).collect(),
            temperature_c: (self.parts.temperature_c)(),
            faults,
        })
    }

    fn moods(&self) -> watch::Receiver<MoodNow> {
        self.parts.shown.moods()
    }

    fn changes(&self, after: u64, limit: u32) -> Result<Vec<TakeInfo>, Refusal> {
        let takes = self.ask(|store, own| {
            let known = after <= store.cursor(own)?;
            known.then(|| store.changes(own, after, limit)).transpose()
        });
        let changes = takes?.ok_or_else(|| Refusal::new(Reason::SetBack, SET_BACK))?;
        Ok(changes.iter().map(told_of).collect())
    }

    fn last_change(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    fn chunks(&self, id: TakeId, hash: [u8; 32], from_part: u32, limit: u32) -> Result<Vec<Vec<u8>>, Refusal> {
        let gone = || Refusal::new(Reason::NotFound, "the take is no longer on the box; pull again");
        let long = "the settings it was recorded with are too long for the link; copy the box's file of takes by hand";
        let chunks = self.ask(|store, _| {
            let take = store.take(id_of(id))?;
            if !fits(&take.recorded) {
                return Ok(Some(Err(Refusal::new(Reason::Impossible, long))));
            }
            let is_it = take.state.is_whole() && take.hash == Some(TakeHash(hash));
            is_it.then(|| store.chunks(take.id, from_part, limit).map(Ok)).transpose()
        });
        chunks?.ok_or_else(gone)?
    }

    fn held(&self, laptop: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<u32, Refusal> {
        let mut count = 0;
        for proof in proofs {
            // One at a time: others may ask in between.
            count += self.ask(|store, _| store.held(&laptop.0, key, &[(id_of(proof.id), TakeHash(proof.answer))]))?;
        }
        Ok(count as u32)
    }

    fn prune(&self, laptop: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<Vec<Pruned>, Refusal> {
        let pruned = proofs.iter().map(|proof| {
            let kept = self.ask(|store, own| {
                let id = id_of(proof.id);
                let take = store.take(id)?;
                if take.state == store::State::Gone {
                    return Ok(None);
                }
                if id.box_id != own || store.held(&laptop.0, key, &[(id, TakeHash(proof.answer))])? == 0 {
                    return Ok(Some("is not the take the laptop holds; pull it again".to_owned()));
                }
                store.prune(id).map(|()| None)
            });
            Pruned { id: proof.id, kept: kept.unwrap_or_else(|refusal| Some(refusal.what)) }
        });
        let pruned = pruned.collect();
        self.takes_changed(false);
        Ok(pruned)
    }

    fn relabel(&self, id: TakeId, label: Label) -> Result<TakeInfo, Refusal> {
        let none = || Refusal::new(Reason::Invalid, "a take shows one of the nine rasas; name one, or discard it");
        let rasa = label.0.ok_or_else(none)?;
        self.edit(id, move |store, id| store.relabel(id, rasa))
    }

    fn discard(&self, id: TakeId, discarded: bool) -> Result<TakeInfo, Refusal> {
        self.edit(id, |store, id| if discarded { store.discard(id) } else { store.restore(id) })
    }

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    fn keep(&self, kind: FileKind, name: &FileName, path: &Path) -> Result<String, Refusal> {
        if [crate::shelf::BUILT_IN, IN_FORCE].contains(&name.as_str()) {
            return Err(Refusal::new(Reason::Invalid, "this name is taken for what the box has of its own; rename it"));
        }
        let about = (self.parts.check)(kind, name, path).map_err(|why| Refusal::new(Reason::Invalid, why))?;
        let bytes = std::fs::read(path).map_err(|error| Refusal::new(Reason::Fault, error.to_string()))?;
        self.parts.shelf.keep(kind, name, &bytes, &about).map_err(|error| unshelved(&error))?;
        Ok(about)
    }

    fn activate(&self, kind: FileKind, name: &FileName, hash: Hash) -> Result<(), Refusal> {
        let Parts { shelf, journal, .. } = &self.parts;
        let _turn = shelf.turn().ok_or_else(another_changes)?;
        self.not_in_a_take(kind)?;
        let there = shelf.in_force(kind);
        let before = shelf.activate(kind, name, hash).map_err(|error| unshelved(&error))?;
        // A model that is in force may not have loaded at the start: whoever activates it again wants it tried.
        if shelf.in_force(kind) == there && kind != FileKind::Model {
            return Ok(());
        }
        self.adopt(kind, before)?;
        prove_later(shelf, journal, kind);
        Ok(())
    }

    fn rollback(&self, kind: FileKind) -> Result<FileState, Refusal> {
        let Parts { shelf, journal, adopt, .. } = &self.parts;
        let _turn = shelf.turn().ok_or_else(another_changes)?;
        self.not_in_a_take(kind)?;
        shelf.roll_back(kind).map_err(|error| unshelved(&error))?;
        adopt(kind).map_err(|why| Refusal::new(Reason::Fault, why))?;
        prove_later(shelf, journal, kind);
        let active = shelf.list(kind).into_iter().find(|file| file.active);
        active.ok_or_else(|| Refusal::new(Reason::Fault, "nothing of it is in force; push it again"))
    }

    fn list(&self, kind: FileKind) -> Result<Vec<FileState>, Refusal> {
        Ok(self.parts.shelf.list(kind))
    }

    fn file(&self, kind: FileKind, name: &FileName) -> Result<Opened, Refusal> {
        if kind == FileKind::Config && name.as_str() == IN_FORCE {
            return Ok(Opened::text(self.parts.config.clone().into_bytes()));
        }
        let (file, hash) = self.parts.shelf.open_file(kind, name).map_err(|error| unshelved(&error))?;
        Opened::file(file, hash).map_err(|error| Refusal::new(Reason::Fault, error.to_string()))
    }

    fn logs(&self, lines: u32) -> Result<Vec<Arc<str>>, Refusal> {
        Ok(self.parts.journal.last(lines as usize))
    }

    fn new_logs(&self) -> broadcast::Receiver<String> {
        self.parts.journal.coming()
    }

    fn panic(&self) {
        self.parts.panic.store(true, Ordering::Release);
    }
}

/// What is in force of a kind has proved itself if it still is when the program has lived with it. Only from a thread of
/// the link.
pub(super) fn prove_later(shelf: &Arc<Shelf>, journal: &Journal, kind: FileKind) {
    let (shelf, journal, trying) = (Arc::clone(shelf), journal.clone(), shelf.in_force(kind));
    tokio::runtime::Handle::current().spawn(async move {
        tokio::time::sleep(PROVING).await;
        let prove = move || {
            if shelf.in_force(kind) == trying
                && let Err(error) = shelf.proven(kind)
            {
                journal.say(&error.to_string());
            }
        };
        let _ = tokio::task::spawn_blocking(prove).await;
    });
}

/// New settings of the link prove themselves by a laptop that comes through them within this time; else what was before
/// is in force again. `lost` is true until one has come. Only from a thread of the link.
pub(super) async fn prove_link(parts: Proving, mut begun: watch::Receiver<u64>, lost: Arc<AtomicBool>) {
    let Proving { shelf, journal, adopt, within, told } = parts;
    let trying = shelf.in_force(FileKind::Config);
    if tokio::time::timeout(within, begun.wait_for(|begun| *begun > 0)).await.is_ok_and(|came| came.is_ok()) {
        lost.store(false, Ordering::Release);
        prove_later(&shelf, &journal, FileKind::Config);
        return;
    }
    let take_back = move || {
        let turn = shelf.turn();
        if turn.is_none() || shelf.in_force(FileKind::Config) != trying {
            return;
        }
        match shelf.take_back(FileKind::Config) {
            Ok(true) => {
                told("no laptop came through the new settings of the link: the ones before are in force again");
                if let Err(why) = adopt(FileKind::Config) {
                    told(&why);
                }
            }
            Ok(false) => {}
            Err(error) => told(&error.to_string()),
        }
    };
    let _ = tokio::task::spawn_blocking(take_back).await;
}

/// What [`prove_link`] has to do with.
pub(super) struct Proving {
    pub shelf: Arc<Shelf>,
    pub journal: Journal,
    pub adopt: Adopt,
    pub within: std::time::Duration,
    pub told: Box<dyn Fn(&str) + Send>,
}

fn another_changes() -> Refusal {
    Refusal::new(Reason::Busy, ANOTHER_CHANGES)
}

fn refusal(error: &StoreError) -> Refusal {
    let reason = match error {
        StoreError::NoTake(_) => Reason::NotFound,
        StoreError::NotNow(..) => Reason::Busy,
        StoreError::Full => Reason::Full,
        _ => Reason::Fault,
    };
    Refusal::new(reason, error.of_the_box())
}

fn unshelved(error: &ShelfError) -> Refusal {
    let reason = match error {
        ShelfError::Absent { .. } | ShelfError::NothingBefore { .. } => Reason::NotFound,
        ShelfError::Disk { cause, .. } if cause.kind() == std::io::ErrorKind::StorageFull => Reason::Full,
        ShelfError::Disk { .. } => Reason::Fault,
    };
    Refusal::new(reason, error.to_string())
}
