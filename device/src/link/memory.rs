//! A box and a laptop without disk or camera: for tests and rehearsals of the link.

use super::SET_BACK;
use super::box_side::{BoxSide, Opened};
use super::inbox::Inbox;
use super::laptop_side::{LaptopSide, Wanted};
use super::message::{
    BoxId, FileKind, FileName, FileState, Hash, Label, MoodNow, Proof, Pruned, PublicKey, Reason, Recorded, Refusal,
    Status, TakeId, TakeInfo, TakeState,
};
use crate::laptops::takes::take_of;
use crate::store::{TakeHasher, codec};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// A box in memory takes so long to check a file that begins with `slow`; one that begins with `bad` it refuses.
pub const SLOW: Duration = Duration::from_secs(4);

/// A take and its chunks.
type Held = (TakeInfo, Vec<Vec<u8>>);
/// A file and its name.
type File = (FileName, Vec<u8>);

/// The hash that the store would have for a take of these chunks; zeros for one without a label.
fn canonical(take: &TakeInfo, chunks: &[Vec<u8>]) -> [u8; 32] {
    take_of(take).map_or([0; 32], |take| hashed(TakeHasher::new(take.id, &take.recorded), chunks))
}

/// What proves that a take of these chunks is here.
fn proof((take, chunks): &Held, key: &[u8; 32]) -> [u8; 32] {
    take_of(take).map_or([0; 32], |take| hashed(TakeHasher::keyed(key, take.id, &take.recorded), chunks))
}

fn hashed(mut hasher: TakeHasher, chunks: &[Vec<u8>]) -> [u8; 32] {
    chunks.iter().for_each(|chunk| hasher.chunk(chunk));
    hasher.finish().0
}

/// A box in memory. Only pushed files touch the disk while they arrive.
#[derive(Debug)]
pub struct MemoryBox {
    name: String,
    id: Mutex<BoxId>,
    inbox: Inbox,
    kept: Mutex<Kept>,
    last: watch::Sender<u64>,
    moods: watch::Sender<MoodNow>,
    lines: broadcast::Sender<String>,
    panics: AtomicU64,
}

#[derive(Debug, Default)]
struct Kept {
    takes: BTreeMap<u64, Held>,
    files: BTreeMap<(FileKind, FileName), Vec<u8>>,
    active: BTreeMap<FileKind, File>,
    previous: BTreeMap<FileKind, File>,
    log: Vec<String>,
    held: BTreeSet<(PublicKey, TakeId)>,
}

impl Kept {
    fn proves(&self, answer: &Proof, key: &[u8; 32]) -> bool {
        let held = self.takes.get(&answer.id.number).filter(|(take, _)| take.id == answer.id);
        held.is_some_and(|held| held.0.state != TakeState::Gone && proof(held, key) == answer.answer)
    }
}

impl MemoryBox {
    /// A box without takes; what is pushed arrives in `inbox`, which no other box has.
    #[must_use]
    pub fn new(name: &str, inbox: &Path) -> Self {
        let number = blake3::hash(inbox.as_os_str().as_encoded_bytes());
        Self {
            name: name.to_owned(),
            id: Mutex::new(BoxId(*number.as_bytes().first_chunk().unwrap_or(&[0; 16]))),
            inbox: Inbox::new(inbox),
            kept: Mutex::default(),
            last: watch::Sender::new(0),
            moods: watch::Sender::default(),
            lines: broadcast::Sender::new(64),
            panics: AtomicU64::new(0),
        }
    }

    /// Records a take.
    pub fn record(&self, label: Label, chunks: Vec<Vec<u8>>) -> TakeInfo {
        self.record_with(label, chunks, String::new())
    }

    /// Records a take while these are the box's settings.
    pub fn record_with(&self, label: Label, chunks: Vec<Vec<u8>>, config: String) -> TakeInfo {
        let mut kept = self.kept();
        let id = TakeId { box_id: self.id(), number: kept.takes.len() as u64 + 1 };
        let mut take = TakeInfo {
            id,
            change: self.change(),
            state: TakeState::Confirmed,
            label,
            performer: String::new(),
            discarded: false,
            recorded: Recorded { label, config, width: 640, height: 480, ..Recorded::default() },
            observations: chunks.iter().map(|chunk| codec::count(chunk).unwrap_or(1) as u64).sum(),
            bytes: chunks.iter().map(|chunk| chunk.len() as u64).sum(),
            hash: [0; 32],
        };
        take.hash = canonical(&take, &chunks);
        kept.takes.insert(id.number, (take.clone(), chunks));
        take
    }

    /// Turns a bit of a take's first chunk; once more turns it back.
    pub fn rot(&self, number: u64) {
        let mut kept = self.kept();
        let first = kept.takes.get_mut(&number).and_then(|(_, chunks)| chunks.first_mut()?.first_mut());
        if let Some(byte) = first {
            *byte ^= 1;
        }
    }

    /// What is known of a take can no longer be read.
    pub fn lose(&self, number: u64) {
        let mut kept = self.kept();
        if let Some((take, _)) = kept.takes.get_mut(&number) {
            *take = TakeInfo::damaged(take.id, take.change);
        }
    }

    /// An older copy of its takes, of the first so many.
    pub fn set_back(&self, takes: u64) {
        self.kept().takes.retain(|number, _| *number <= takes);
        self.last.send_replace(takes);
    }

    /// A new file of takes.
    pub fn begin_anew(&self) {
        let mut kept = self.kept();
        let mut id = self.id();
        id.0[0] ^= 1;
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = id;
        kept.takes.clear();
        self.last.send_replace(0);
    }

    fn id(&self) -> BoxId {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a mood.
    pub fn show(&self, mood: MoodNow) {
        self.moods.send_replace(mood);
    }

    /// Logs a line.
    pub fn log(&self, line: &str) {
        self.kept().log.push(line.to_owned());
        let _ = self.lines.send(line.to_owned());
    }

    /// Every take with its chunks, by number.
    #[must_use]
    pub fn takes(&self) -> Vec<(TakeInfo, Vec<Vec<u8>>)> {
        self.kept().takes.values().cloned().collect()
    }

    /// The takes that a laptop has proved to hold.
    #[must_use]
    pub fn held_by(&self, laptop: PublicKey) -> Vec<TakeId> {
        self.kept().held.iter().filter(|(other, _)| *other == laptop).map(|(_, id)| *id).collect()
    }

    /// How often every note was ended.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Acquire)
    }

    /// The file in force.
    #[must_use]
    pub fn active(&self, kind: FileKind) -> Option<Vec<u8>> {
        self.kept().active.get(&kind).map(|(_, file)| file.clone())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> u64 {
        self.last.send_modify(|last| *last += 1);
        *self.last.borrow()
    }

    fn edit(&self, id: TakeId, edit: impl FnOnce(&mut Held)) -> Result<TakeInfo, Refusal> {
        let mut kept = self.kept();
        let found = kept.takes.get_mut(&id.number).filter(|(take, _)| take.id == id);
        let held = found.ok_or_else(|| Refusal::new(Reason::NotFound, "there is no such take; list them"))?;
        edit(held);
        held.0.change = self.change();
        Ok(held.0.clone())
    }

    fn state(&self, kept: &Kept, kind: FileKind, name: &FileName, file: &[u8]) -> FileState {
        FileState {
            kind,
            name: name.clone(),
            bytes: file.len() as u64,
            hash: Hash::of(file),
            active: kept.active.get(&kind).is_some_and(|(other, _)| other == name),
            previous: kept.previous.get(&kind).is_some_and(|(other, _)| other == name),
            about: format!("{} on {}", name, self.name),
        }
    }
}

impl BoxSide for MemoryBox {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn box_id(&self) -> Option<BoxId> {
        Some(self.id())
    }

    fn status(&self) -> Result<Status, Refusal> {
        let kept = self.kept();
        Ok(Status {
            name: self.name.clone(),
            box_id: self.id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            last_change: *self.last.borrow(),
            takes: kept.takes.len() as u64,
            mood: self.moods.borrow().clone(),
            model: kept.active.get(&FileKind::Model).map(|(name, _)| name.to_string()).unwrap_or_default(),
            ..Status::default()
        })
    }

    fn moods(&self) -> watch::Receiver<MoodNow> {
        self.moods.subscribe()
    }

    fn changes(&self, after: u64, limit: u32) -> Result<Vec<TakeInfo>, Refusal> {
        let kept = self.kept();
        if after > *self.last.borrow() {
            return Err(Refusal::new(Reason::SetBack, SET_BACK));
        }
        let mut changed: Vec<_> =
            kept.takes.values().map(|(take, _)| take).filter(|take| take.change > after).cloned().collect();
        changed.sort_by_key(|take| take.change);
        changed.truncate(limit as usize);
        Ok(changed)
    }

    fn last_change(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    fn chunks(&self, id: TakeId, hash: [u8; 32], from_part: u32, limit: u32) -> Result<Vec<Vec<u8>>, Refusal> {
        match self.kept().takes.get(&id.number) {
            Some((take, chunks)) if take.id == id && take.hash == hash && take.state != TakeState::Gone => {
                Ok(chunks.iter().skip(from_part as usize).take(limit as usize).cloned().collect())
            }
            _ => Err(Refusal::new(Reason::NotFound, "the take is no longer on the box; pull again")),
        }
    }

    fn held(&self, laptop: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<u32, Refusal> {
        let mut kept = self.kept();
        let proved: Vec<TakeId> = proofs.iter().filter(|proof| kept.proves(proof, key)).map(|proof| proof.id).collect();
        kept.held.extend(proved.iter().map(|id| (laptop, *id)));
        Ok(proved.len() as u32)
    }

    fn prune(&self, _: PublicKey, key: &[u8; 32], proofs: &[Proof]) -> Result<Vec<Pruned>, Refusal> {
        let prune = |proof: &Proof| {
            let held = self.kept().proves(proof, key);
            let kept = (!held).then(|| "is not the take the laptop holds; pull it again".to_owned());
            if held {
                self.edit(proof.id, |(take, chunks)| {
                    take.state = TakeState::Gone;
                    chunks.clear();
                })?;
            }
            Ok(Pruned { id: proof.id, kept })
        };
        proofs.iter().map(prune).collect()
    }

    fn relabel(&self, id: TakeId, label: Label) -> Result<TakeInfo, Refusal> {
        self.edit(id, |(take, _)| take.label = label)
    }

    fn discard(&self, id: TakeId, discarded: bool) -> Result<TakeInfo, Refusal> {
        self.edit(id, |(take, _)| take.discarded = discarded)
    }

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    fn keep(&self, kind: FileKind, name: &FileName, path: &Path) -> Result<String, Refusal> {
        let file = std::fs::read(path).map_err(|error| Refusal::new(Reason::Fault, error.to_string()))?;
        if file.starts_with(b"bad") {
            return Err(Refusal::new(Reason::Invalid, "the file begins badly; correct it"));
        }
        if file.starts_with(b"slow") {
            std::thread::sleep(SLOW);
        }
        let about = format!("{} bytes", file.len());
        self.kept().files.insert((kind, name.clone()), file);
        Ok(about)
    }

    fn activate(&self, kind: FileKind, name: &FileName, hash: Hash) -> Result<(), Refusal> {
        let mut kept = self.kept();
        let found = kept.files.get(&(kind, name.clone())).filter(|file| Hash::of(file) == hash).cloned();
        let file = found.ok_or_else(|| Refusal::new(Reason::NotFound, "there is no such file on the box; push it"))?;
        if let Some(before) = kept.active.insert(kind, (name.clone(), file)) {
            kept.previous.insert(kind, before);
        }
        Ok(())
    }

    fn rollback(&self, kind: FileKind) -> Result<FileState, Refusal> {
        let mut kept = self.kept();
        let before = kept.previous.remove(&kind);
        let before = before.ok_or_else(|| Refusal::new(Reason::NotFound, "there is nothing to go back to"))?;
        kept.active.insert(kind, before.clone());
        Ok(self.state(&kept, kind, &before.0, &before.1))
    }

    fn list(&self, kind: FileKind) -> Result<Vec<FileState>, Refusal> {
        let kept = self.kept();
        let files = kept.files.iter().filter(|((other, _), _)| *other == kind);
        Ok(files.map(|((kind, name), file)| self.state(&kept, *kind, name, file)).collect())
    }

    fn file(&self, kind: FileKind, name: &FileName) -> Result<Opened, Refusal> {
        let found = self.kept().files.get(&(kind, name.clone())).cloned();
        found.map(Opened::text).ok_or_else(|| Refusal::new(Reason::NotFound, "there is no such file; list them"))
    }

    fn logs(&self, lines: u32) -> Result<Vec<Arc<str>>, Refusal> {
        let log = &self.kept().log;
        Ok(log[log.len().saturating_sub(lines as usize)..].iter().map(|line| line.as_str().into()).collect())
    }

    fn new_logs(&self) -> broadcast::Receiver<String> {
        self.lines.subscribe()
    }

    fn panic(&self) {
        self.panics.fetch_add(1, Ordering::AcqRel);
    }
}

/// A laptop's dataset in memory. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct MemoryLaptop(Arc<Mutex<Dataset>>);

#[derive(Debug, Default)]
struct Dataset {
    cursors: BTreeMap<BoxId, u64>,
    /// Changes whose takes did not come.
    missing: BTreeMap<TakeId, u64>,
    takes: BTreeMap<TakeId, Held>,
    coming: BTreeMap<TakeId, Vec<Vec<u8>>>,
    unproved: BTreeSet<TakeId>,
}

impl MemoryLaptop {
    /// Every take that is whole, with its chunks, by box and number.
    #[must_use]
    pub fn takes(&self) -> Vec<(TakeInfo, Vec<Vec<u8>>)> {
        self.dataset().takes.values().cloned().collect()
    }

    fn dataset(&self) -> MutexGuard<'_, Dataset> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LaptopSide for MemoryLaptop {
    fn cursor(&mut self, of: BoxId) -> Result<u64, String> {
        let dataset = self.dataset();
        let missing = dataset.missing.iter().filter(|(id, _)| id.box_id == of).map(|(_, change)| change - 1);
        Ok(missing.chain([dataset.cursors.get(&of).copied().unwrap_or(0)]).min().unwrap_or(0))
    }

    fn set_back(&mut self, of: BoxId) -> Result<(), String> {
        self.dataset().cursors.remove(&of);
        Ok(())
    }

    fn change(&mut self, _: &str, take: &TakeInfo) -> Result<Wanted, String> {
        let mut dataset = self.dataset();
        if take.state == TakeState::Damaged {
            dataset.cursors.insert(take.id.box_id, take.change);
            return Ok(if dataset.takes.contains_key(&take.id) { Wanted::Nothing } else { Wanted::Lost });
        }
        if dataset.takes.get(&take.id).is_some_and(|(here, _)| here.hash != take.hash) {
            dataset.cursors.insert(take.id.box_id, take.change);
            return Ok(Wanted::Another);
        }
        if !dataset.takes.contains_key(&take.id) && take.state != TakeState::Gone {
            return Ok(Wanted::Chunks { from_part: dataset.coming.get(&take.id).map_or(0, |have| have.len() as u32) });
        }
        let held = dataset.takes.entry(take.id).or_insert_with(|| (take.clone(), Vec::new()));
        held.0 = take.clone();
        dataset.coming.remove(&take.id);
        dataset.cursors.insert(take.id.box_id, take.change);
        Ok(Wanted::Nothing)
    }

    fn chunk(&mut self, take: &TakeInfo, part: u32, chunk: &[u8]) -> Result<(), String> {
        let mut dataset = self.dataset();
        let have = dataset.coming.entry(take.id).or_default();
        if have.len() != part as usize {
            return Err("a part out of turn".to_owned());
        }
        have.push(chunk.to_vec());
        Ok(())
    }

    fn whole(&mut self, take: &TakeInfo) -> Result<bool, String> {
        let mut dataset = self.dataset();
        let chunks = dataset.coming.remove(&take.id).unwrap_or_default();
        if canonical(take, &chunks) != take.hash {
            dataset.missing.insert(take.id, take.change);
            return Ok(false);
        }
        dataset.missing.remove(&take.id);
        dataset.takes.insert(take.id, (take.clone(), chunks));
        dataset.unproved.insert(take.id);
        dataset.cursors.insert(take.id.box_id, take.change);
        Ok(true)
    }

    fn unproved(&mut self, of: BoxId) -> Result<Vec<TakeId>, String> {
        Ok(self.dataset().unproved.iter().filter(|id| id.box_id == of).take(256).copied().collect())
    }

    fn proofs(&mut self, takes: &[TakeId], key: &[u8; 32]) -> Result<Vec<Proof>, String> {
        let dataset = self.dataset();
        let answer = |id: &TakeId| Some(Proof { id: *id, answer: proof(dataset.takes.get(id)?, key) });
        Ok(takes.iter().filter_map(answer).collect())
    }

    fn proved(&mut self, takes: &[TakeId]) -> Result<(), String> {
        self.dataset().unproved.retain(|id| !takes.contains(id));
        Ok(())
    }
}
