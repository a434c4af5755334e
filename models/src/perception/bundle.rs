//! MediaPipe's .task bundles: zip files of .tflite networks.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bundle of face detector, face landmarks and blendshapes.
pub const FACE_BUNDLE: &str = "face_landmarker.task";
/// Bundle of palm detector and hand landmarks.
pub const HAND_BUNDLE: &str = "hand_landmarker.task";

/// Largest network that is read: the real ones have 5.5 MB.
const MAX_NETWORK_BYTES: u64 = 64 << 20;

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No file.
    #[error("{path}: {source}; run `make setup` to fetch the models, or name their folder with --models")]
    Open {
        /// The bundle.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not a whole zip file with that network.
    #[error("{path} is damaged ({reason}); remove it and run `make setup` to fetch it again")]
    Damaged {
        /// The bundle.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Reads one network out of a bundle; the zip's checksum is verified on the way.
///
/// # Errors
/// The bundle is absent, truncated or damaged, or does not hold that network.
pub fn read_network(folder: &Path, bundle: &str, network: &str) -> Result<Vec<u8>, BundleError> {
    let path = folder.join(bundle);
    let file = File::open(&path).map_err(|source| BundleError::Open { path: path.clone(), source })?;
    let damaged = |reason: String| BundleError::Damaged { path: path.clone(), reason };
    let mut archive = zip::ZipArchive::new(file).map_err(|e| damaged(e.to_string()))?;
    let entry = archive.by_name(network).map_err(|e| damaged(format!("{network}: {e}")))?;
    let mut bytes = Vec::new();
    entry.take(MAX_NETWORK_BYTES).read_to_end(&mut bytes).map_err(|e| damaged(format!("{network}: {e}")))?;
    Ok(bytes)
}
