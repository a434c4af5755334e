//! A model package: a classifier with everything that is needed to trust it.
//!
//! A zip (stored or deflated) of three files:
//!
//! | file | |
//! |---|---|
//! | `classifier.tflite` | input float32 [1, [`FEATURES`]]: the feature vector as it is; output float32 [1, 9]: probabilities in class order. Their sum is at most 1; what is missing is "none of the nine" |
//! | `model.json` | [`Card`]: labels, feature version, what it was trained on, its honest scores, calibration, reject threshold |
//! | `selftest.json` | [`SelfTest`]: feature vectors and the probabilities they must give, to 1e-3 |
//!
//! [`Package::read`] believes nothing of it: sizes are bounded before anything is unpacked. With the feature `runtime`,
//! [`Model::load`] checks the tensors and runs the self-test before the first reading.

mod card;
#[cfg(feature = "runtime")]
mod model;

use std::io::{Cursor, Read as _, Seek, Write};
use std::path::Path;

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

pub use card::{Card, Compared, LabelScore, Scores, SelfTest, Strength, TrainedOn};
#[cfg(feature = "runtime")]
pub use model::Model;

#[cfg(feature = "runtime")]
use crate::runtime::RuntimeError;
use crate::{FEATURES, FEATURES_VERSION, Rasa};

/// Version of the package's format.
pub const FORMAT: u32 = 1;
/// Name of the default model: on its own card, and as the base of a model that was made from it.
pub const DEFAULT: &str = "default";
/// Names of the files in it.
const NETWORK: &str = "classifier.tflite";
const CARD: &str = "model.json";
const SELF_TEST: &str = "selftest.json";
/// Most bytes of a package, and of each file unpacked.
const MOST_BYTES: u64 = 32 << 20;
const MOST_TEXT_BYTES: u64 = 4 << 20;
/// Most vectors of a self-test.
const MOST_VECTORS: usize = 256;

/// Why a package is refused.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The file cannot be read.
    #[error("the package {path} cannot be read: {cause}")]
    Absent {
        /// Path of the package.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is no zip, or lacks a file.
    #[error("this is not a model package ({0}); make one with `rasika train` or `rasika package`")]
    NoPackage(String),
    /// A file in it is too large.
    #[error("{file} in the package is larger than {most} bytes; no classifier of the nine rasas needs that")]
    TooLarge {
        /// Name of the file in the package.
        file: &'static str,
        /// Bound in bytes.
        most: u64,
    },
    /// The card says what cannot be.
    #[error("model.json: {0}")]
    Card(String),
    /// Made for other features.
    #[error(
        "the model was made for features version {found}, this program computes version {FEATURES_VERSION}; train it again"
    )]
    Features {
        /// Version on the card.
        found: u32,
    },
    /// Its vectors are not usable, or do not come out as they should.
    #[error("the self-test failed: {0}")]
    SelfTest(String),
    /// The network cannot be run.
    #[cfg(feature = "runtime")]
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

/// A package that was read and whose texts are sound; its network has not run yet.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it says of itself.
    pub card: Card,
    /// Vectors and their probabilities.
    pub self_test: SelfTest,
    /// Bytes of `classifier.tflite`.
    pub network: Vec<u8>,
}

impl Package {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or see [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self, PackageError> {
        let absent = |cause| PackageError::Absent { path: path.display().to_string(), cause };
        let file = std::fs::File::open(path).map_err(absent)?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(absent)?;
        Self::parse(&bytes)
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// It is no package, a part is too large, the card or the self-test says what cannot be, or it was made for other features.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackageError> {
        if bytes.len() as u64 > MOST_BYTES {
            return Err(PackageError::TooLarge { file: "all of it", most: MOST_BYTES });
        }
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| PackageError::NoPackage(in_words(&error)))?;
        let card: Card = json(&member(&mut zip, CARD, MOST_TEXT_BYTES)?).map_err(PackageError::Card)?;
        card.check()?;
        let self_test: SelfTest =
            json(&member(&mut zip, SELF_TEST, MOST_TEXT_BYTES)?).map_err(PackageError::SelfTest)?;
        self_test.check()?;
        let network = member(&mut zip, NETWORK, MOST_BYTES)?;
        Ok(Self { card, self_test, network })
    }

    /// Writes it.
    ///
    /// # Errors
    /// The writer refuses.
    pub fn write(&self, to: impl Write + Seek) -> std::io::Result<()> {
        let mut zip = ZipWriter::new(to);
        // One time for all: the same model gives the same bytes.
        let plain = SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644);
        let card = serde_json::to_vec_pretty(&self.card)?;
        let self_test = serde_json::to_vec(&self.self_test)?;
        let files: [(&str, &[u8], CompressionMethod); 3] = [
            (CARD, &card, CompressionMethod::Deflated),
            (SELF_TEST, &self_test, CompressionMethod::Deflated),
            // Stored, so that it could be mapped into memory as it lies there.
            (NETWORK, &self.network, CompressionMethod::Stored),
        ];
        for (name, bytes, method) in files {
            zip.start_file(name, plain.compression_method(method))?;
            zip.write_all(bytes)?;
        }
        zip.finish()?;
        Ok(())
    }
}

fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// What is wrong with a zip, as its reader's user knows it.
fn in_words(error: &ZipError) -> String {
    match error {
        ZipError::FileNotFound => "it is not in the package".to_owned(),
        ZipError::UnsupportedArchive(_) => "it is packed in a way that this program does not know".to_owned(),
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            format!("it cannot be unpacked, {error}")
        }
        _ => "it is no zip, or it is cut off or damaged".to_owned(),
    }
}

/// Unpacks one file, never more than `most` bytes of it whatever its head says.
fn member(zip: &mut ZipArchive<Cursor<&[u8]>>, file: &'static str, most: u64) -> Result<Vec<u8>, PackageError> {
    let no_package = |error: ZipError| PackageError::NoPackage(format!("{file}: {}", in_words(&error)));
    let member = zip.by_name(file).map_err(no_package)?;
    let mut bytes = Vec::new();
    member.take(most + 1).read_to_end(&mut bytes).map_err(|error| no_package(error.into()))?;
    if bytes.len() as u64 > most { Err(PackageError::TooLarge { file, most }) } else { Ok(bytes) }
}

/// Names of the nine rasas in class order, as a card has them.
#[must_use]
pub fn labels() -> Vec<String> {
    Rasa::ALL.map(|rasa| rasa.name().to_owned()).to_vec()
}

const _: () = assert!(FEATURES < 4096, "the bounds of a card suppose vectors of hundreds of values");
