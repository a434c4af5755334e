//! What boxes are called where their takes are shown, told apart and exported: by their names, which nobody has to have
//! changed, so that several may be the same.

use std::collections::BTreeMap;

use anyhow::Result;
use rasika_device::store::{BoxId, Store};

/// Names of boxes, no two the same: of several boxes of one name each has the beginning of its number behind it, as its takes
/// have it in front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<BoxId, String>);

impl Names {
    /// Those of every box whose takes are in a store.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(store: &Store) -> Result<Self> {
        Ok(Self::apart(store.boxes()?))
    }

    fn apart(boxes: Vec<(BoxId, String)>) -> Self {
        let several = |name: &String| boxes.iter().filter(|(_, other)| other == name).count() > 1;
        let apart = |(id, name): &(BoxId, String)| {
            let number = id.to_string();
            (*id, if several(name) { format!("{name}-{}", &number[..8]) } else { name.clone() })
        };
        Self(boxes.iter().map(apart).collect())
    }

    /// The name of a box; empty of one that is not known.
    #[must_use]
    pub fn get(&self, id: BoxId) -> &str {
        self.0.get(&id).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_one_name_are_told_apart() {
        let [one, two, three] = [0x11, 0x22, 0x33].map(|byte| BoxId([byte; 16]));
        let names =
            Names::apart(vec![(one, "rasika".to_owned()), (two, "rasika".to_owned()), (three, "stage".to_owned())]);
        assert_eq!([one, two, three].map(|id| names.get(id)), ["rasika-11111111", "rasika-22222222", "stage"]);
        assert_eq!(names.get(BoxId([0; 16])), "");
    }
}
