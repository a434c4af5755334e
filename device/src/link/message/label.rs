//! A rasa on the wire.

use postcard_schema::Schema;
use postcard_schema::schema::NamedType;
use rasika_models::Rasa;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A rasa, or none: one byte, 0 for none, else 1 + class index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Label(pub Option<Rasa>);

impl Schema for Label {
    const SCHEMA: &'static NamedType = &NamedType { name: "Label", ty: u8::SCHEMA.ty };
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0.map_or(0, |rasa| rasa.index() as u8 + 1))
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)?.checked_sub(1) {
            None => Ok(Self(None)),
            Some(index) => Rasa::from_index(index.into())
                .map(|rasa| Self(Some(rasa)))
                .ok_or_else(|| serde::de::Error::custom("no rasa")),
        }
    }
}
