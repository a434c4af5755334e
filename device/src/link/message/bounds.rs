//! Bounds of texts and lists on the wire: what is longer is cut where it is written, and is no message where it is read.
//!
//! So neither side can make the other keep, store or show more than is written here, and a long text of one side's own
//! never keeps a message from being sent.

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// Bytes of a name.
pub const NAME: usize = 64;
/// Bytes of a line about a file, in a list of files.
pub const ABOUT: usize = 160;
/// Bytes of a sentence.
pub const SENTENCE: usize = 500;
/// Bytes of all settings of a box, as TOML.
pub const SETTINGS: usize = 16 * 1024;
/// Bytes of one text in a box's settings.
pub const SETTING: usize = 4096;
/// Laptops on a box's list.
pub const KEYS: usize = 64;
/// Takes that are pruned with one request.
pub const PRUNED: usize = 256;
/// Files of a kind.
pub const FILES: usize = 220;

/// A text of at most so many bytes, cut to them.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// For `#[serde(with)]`: a text of at most N bytes.
pub(super) struct Text<const N: usize>;

impl<const N: usize> Text<N> {
    pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        cut(text, N).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        short::<D::Error>(String::deserialize(deserializer)?, N)
    }
}

/// For `#[serde(with)]`: perhaps a text of at most N bytes.
pub(super) struct MaybeText<const N: usize>;

impl<const N: usize> MaybeText<N> {
    pub fn serialize<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
        text.as_deref().map(|text| cut(text, N)).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| short::<D::Error>(text, N)).transpose()
    }
}

/// For `#[serde(with)]`: at most COUNT texts of at most N bytes.
pub(super) struct Texts<const COUNT: usize, const N: usize>;

impl<const COUNT: usize, const N: usize> Texts<COUNT, N> {
    pub fn serialize<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        let count = texts.len().min(COUNT);
        let mut list = serializer.serialize_seq(Some(count))?;
        texts[..count].iter().try_for_each(|text| list.serialize_element(cut(text, N)))?;
        list.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        let texts = deserializer.deserialize_seq(UpTo::<String, COUNT>(PhantomData))?;
        texts.into_iter().map(|text| short::<D::Error>(text, N)).collect()
    }
}

/// A list of at most COUNT: the rest is cut where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List<T, const COUNT: usize>(pub Vec<T>);

impl<T: Serialize, const COUNT: usize> Serialize for List<T, COUNT> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0[..self.0.len().min(COUNT)].serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const COUNT: usize> Deserialize<'de> for List<T, COUNT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(UpTo::<T, COUNT>(PhantomData)).map(Self)
    }
}

/// Reads a list, and takes no room for what is only announced.
struct UpTo<T, const COUNT: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const COUNT: usize> Visitor<'de> for UpTo<T, COUNT> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {COUNT} of a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut read = Vec::new();
        while let Some(one) = list.next_element()? {
            if read.len() == COUNT {
                return Err(A::Error::custom("a list that is too long"));
            }
            read.push(one);
        }
        Ok(read)
    }
}

fn short<E: serde::de::Error>(text: String, bytes: usize) -> Result<String, E> {
    if text.len() <= bytes { Ok(text) } else { Err(E::custom("a text that is too long")) }
}

#[cfg(test)]
mod tests {
    use super::super::{self as message, *};
    use super::*;

    const LONG: usize = 1_000_000;

    fn long() -> String {
        "ä".repeat(LONG)
    }

    fn goes_through<T: Serialize + serde::de::DeserializeOwned>(answer: T) -> T {
        let bytes = message::write(&Ok::<_, Refusal>(answer)).expect("whatever is in it, it can be sent");
        message::read::<Result<T, Refusal>>(&bytes).expect("and read").expect("as it was")
    }

    #[test]
    fn whatever_a_side_has_to_say_fits_a_message() {
        let texts = || vec![long(); 300];
        let mood = MoodNow { raga: long(), section: long(), ..MoodNow::default() };
        let status = Status {
            name: long(),
            program: long(),
            model: long(),
            mood,
            ports: texts(),
            faults: texts(),
            ..Status::default()
        };
        assert!(goes_through(status).faults.len() < 300);
        let name = FileName::new(&"x".repeat(64)).unwrap();
        let file = FileState {
            kind: FileKind::Raga,
            name,
            bytes: u64::MAX,
            hash: Hash([255; 32]),
            active: true,
            previous: true,
            about: long(),
        };
        assert_eq!(goes_through(List::<_, FILES>(vec![file; 1000])).0.len(), FILES);
        let known = Known { name: long(), key: PublicKey([255; 32]), since_unix_ms: i64::MIN };
        assert_eq!(goes_through(List::<_, KEYS>(vec![known; 1000])).0.len(), 64);
        let id = TakeId { box_id: BoxId([255; 16]), number: u64::MAX };
        let pruned = Pruned { id, kept: Some(long()) };
        assert_eq!(goes_through(List::<_, PRUNED>(vec![pruned; 1000])).0.len(), 256);
        assert!(goes_through(Pushed { about: long() }).about.len() <= SENTENCE);
        let started = Moment { boot: long(), ..Moment::default() };
        let recorded = Recorded { performer: long(), config: long(), model: long(), started, ..Recorded::default() };
        let take = TakeInfo {
            id,
            change: u64::MAX,
            state: TakeState::Confirmed,
            label: Label(None),
            performer: long(),
            discarded: true,
            recorded,
            observations: u64::MAX,
            bytes: u64::MAX,
            hash: [255; 32],
        };
        assert_eq!(goes_through(take).recorded.config.len(), SETTINGS);
        let refusal = Refusal { reason: Reason::Fault, what: long() };
        let bytes = message::write(&Err::<(), _>(refusal)).unwrap();
        assert!(message::read::<Result<(), Refusal>>(&bytes).unwrap().unwrap_err().what.len() <= SENTENCE);
    }

    #[test]
    fn what_a_peer_makes_too_long_is_no_message() {
        #[derive(Serialize)]
        struct Longer {
            about: String,
        }
        let bytes = message::write(&Ok::<_, Refusal>(Longer { about: "x".repeat(SENTENCE + 1) })).unwrap();
        assert!(message::read::<Result<Pushed, Refusal>>(&bytes).is_err());
        let known = Known { name: String::new(), key: PublicKey([0; 32]), since_unix_ms: 0 };
        let bytes = message::write(&Ok::<_, Refusal>(vec![known; 65])).unwrap();
        assert!(message::read::<Result<List<Known, KEYS>, Refusal>>(&bytes).is_err());
    }
}
