//! What laptops push, as the box checks it and puts it in force; and `rasikad check-model`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use rasika_device::apart;
use rasika_device::laptops::{Adopt, Check};
use rasika_device::link::message::{FileKind, FileName};
use rasika_device::performer::Library;
use rasika_device::shelf::{Shelf, check_text};
use rasika_device::steward::Adoption;
use rasika_device::terminal::say;
use rasika_models::package::{Card, Model, Package};

/// The steward answers within a frame; a camera may hold it up.
const LONGEST_SWAP: Duration = Duration::from_secs(10);

/// Arguments of `rasikad check-model`.
#[derive(Debug, Args)]
pub struct CheckModel {
    /// The package
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl CheckModel {
    /// Prints what it is, in a line.
    pub fn run(self) -> Result<()> {
        apart::bound_this_process();
        let package = Package::read(&self.file)?;
        Model::load(&package)?;
        Ok(say(about(&package.card))?)
    }
}

/// A model in a line.
fn about(card: &Card) -> String {
    let takes: usize = card.trained_on.takes.iter().sum();
    let learned = match takes {
        0 => "trained elsewhere".to_owned(),
        1 => "of one take".to_owned(),
        takes => format!("of {takes} takes"),
    };
    let scored = card.scores.as_ref().map_or_else(
        || "not scored".to_owned(),
        |scores| format!("balanced accuracy {:.2} ({})", scores.balanced_accuracy, scores.split),
    );
    format!("{}, {learned}, {scored}", card.name)
}

/// Checks what is pushed. A network runs for the first time in a process of its own: one that brings the runtime down
/// does not bring the music down.
pub fn check(library: Arc<Library>, folder: PathBuf) -> Check {
    Box::new(move |kind, name: &FileName, path: &Path| match kind {
        FileKind::Model => apart::run(&["check-model".as_ref(), path.as_os_str()]),
        _ => {
            let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
            check_text(kind, name.as_str(), &bytes, &library, Some(&folder))
        }
    })
}

/// The model that the shelf says is in force.
pub fn model(shelf: &Shelf) -> Result<Option<(String, Box<Package>)>, String> {
    let Some(entry) = shelf.in_force(FileKind::Model).into_iter().next() else { return Ok(None) };
    let bytes = shelf.read(entry.hash).map_err(|error| error.to_string())?;
    let package = Package::parse(&bytes).map_err(|error| error.to_string())?;
    Ok(Some((entry.name.to_string(), Box::new(package))))
}

/// Puts in force what the shelf says: a model by way of the steward, between two frames; everything else is read when
/// the box starts anew, which it is asked to.
pub fn adopt(shelf: &Arc<Shelf>, restart: &Arc<AtomicBool>) -> (Adopt, Receiver<Adoption>) {
    let (to_steward, adoptions): (Sender<Adoption>, _) = unbounded();
    let (shelf, restart) = (Arc::clone(shelf), Arc::clone(restart));
    let adopt: Adopt = Arc::new(move |kind| {
        if kind != FileKind::Model {
            restart.store(true, Ordering::Release);
            return Ok(());
        }
        let (answer, answered) = bounded(1);
        let late = |_| "the box is busy and has not taken the model; try again".to_owned();
        to_steward.send(Adoption { model: model(&shelf)?, answer }).map_err(|_| "the box is ending".to_owned())?;
        answered.recv_timeout(LONGEST_SWAP).map_err(late)?
    });
    (adopt, adoptions)
}
