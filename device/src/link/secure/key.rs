//! Keys: what a box or a laptop is known by.

use super::private_file;
use crate::link::LinkError;
use crate::link::message::PublicKey;
use std::fmt;
use std::path::Path;

/// X25519 for the agreement, ChaCha20-Poly1305 for the records, BLAKE2s for the hash.
pub const NOISE: &str = "Noise_XX_25519_ChaChaPoly_BLAKE2s";
/// First line of the file.
const HEAD: &str = "rasika key 1";

/// A key pair of this box or laptop. The private half leaves it only into its file.
#[derive(Clone)]
pub struct Identity {
    private: [u8; 32],
    public: PublicKey,
}

impl Identity {
    /// Draws a new one.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn draw() -> Result<Self, LinkError> {
        let params = NOISE.parse().map_err(|_| LinkError::NoRandomness)?;
        let pair = snow::Builder::new(params).generate_keypair().map_err(|_| LinkError::NoRandomness)?;
        match (pair.private.try_into(), pair.public.try_into()) {
            (Ok(private), Ok(public)) => Ok(Self { private, public: PublicKey(public) }),
            _ => Err(LinkError::NoRandomness),
        }
    }

    /// Reads the key from its file, or draws one and writes it there, for its owner's eyes only.
    ///
    /// # Errors
    /// The file is damaged, open to others, or cannot be written.
    pub fn open(file: &Path) -> Result<Self, LinkError> {
        let wrong = |what: &str| LinkError::KeyFile { path: file.display().to_string(), what: what.to_owned() };
        let Some(text) = private_file::read(file)? else {
            let new = Self::draw()?;
            let text = format!("{HEAD}\n{}\n{}\n", hex(&new.private), new.public);
            private_file::write(file, text.as_bytes())?;
            return Ok(new);
        };
        let mut lines = text.lines();
        let head = lines.next();
        let mut key = || lines.next().and_then(unhex);
        match (head, key(), key()) {
            (Some(HEAD), Some(private), Some(public)) => Ok(Self { private, public: PublicKey(public) }),
            _ => Err(wrong("is no whole key; remove it, and pair again")),
        }
    }

    /// What others know it by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    pub(super) fn private(&self) -> &[u8; 32] {
        &self.private
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("public", &self.public).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes from their 64 digits.
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_the_same_and_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/key");
        let first = Identity::open(&file).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let second = Identity::open(&file).unwrap();
        assert_eq!((first.public, first.private), (second.public, second.private));
        assert!(!format!("{first:?}").contains(&hex(&first.private)[..8]), "the private half is printed");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Identity::open(&file).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_damaged_key_is_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        Identity::open(&file).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        for cut in [0, 5, 20, 100] {
            private_file::write(&file, &text.as_bytes()[..cut]).unwrap();
            assert!(matches!(Identity::open(&file), Err(LinkError::KeyFile { .. })), "{cut}");
        }
    }
}
