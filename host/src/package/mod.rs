//! Model packages are made here: a graph becomes a `.tflite`, that and what is known of it a zip.

pub mod default;
pub mod flat;
pub mod graph;
pub mod make;
pub mod tflite;

use std::path::Path;

use anyhow::{Context as _, Result};
use rasika_models::package::Package;

/// Writes a package; a half-written one never stands under the name.
///
/// # Errors
/// The disk says no.
pub fn save(package: &Package, path: &Path) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut bytes = std::io::Cursor::new(Vec::new());
    package.write(&mut bytes).with_context(cannot)?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes.into_inner()).with_context(cannot)?;
    std::fs::rename(&part, path).with_context(cannot)
}
