//! Model packages are made here: a graph becomes a `.tflite`, that and what is known of it a zip.

pub mod default;
pub mod flat;
pub mod graph;
pub mod make;
pub mod tflite;

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_device::apart;
use rasika_device::output::Output;
use rasika_models::package::Package;

/// Reads a package whose network was tried before, in a process of its own: this one outlives a network that brings the
/// runtime down.
///
/// # Errors
/// It cannot be read, or does not do what it says.
pub fn tried(path: &Path) -> Result<Package> {
    // What can be told without running it is told first.
    let package = Package::read(path)?;
    apart::run(&["package".as_ref(), "try".as_ref(), "--".as_ref(), path.as_os_str()])
        .map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
    Ok(package)
}

/// Writes a package; a half-written one never stands under the name.
///
/// # Errors
/// The disk says no.
pub fn save(package: &Package, path: &Path) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut bytes = std::io::Cursor::new(Vec::new());
    package.write(&mut bytes).with_context(cannot)?;
    Output::whole(path, &bytes.into_inner()).with_context(cannot)
}
