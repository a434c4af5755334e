//! What the panel is doing, for whoever asks: the newest value in one word.

use super::fault::Faults;
use super::table::State;
use crate::latest::Word;
use rasika_models::Rasa;

/// A glance at the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PanelStatus {
    /// What it is doing.
    pub state: State,
    /// The label that was chosen.
    pub label: Option<Rasa>,
    /// What is wrong.
    pub faults: Faults,
}

impl Default for PanelStatus {
    fn default() -> Self {
        Self { state: State::Starting, label: None, faults: Faults::NONE }
    }
}

/// A byte each.
impl Word for PanelStatus {
    fn to_word(self) -> u64 {
        let label = self.label.map_or(u8::MAX, |rasa| rasa.index() as u8);
        u64::from_le_bytes([self.state as u8, label, self.faults.bits(), 0, 0, 0, 0, 0])
    }

    fn from_word(word: u64) -> Self {
        let [state, label, faults, ..] = word.to_le_bytes();
        Self {
            state: State::ALL.get(usize::from(state)).copied().unwrap_or(State::Starting),
            label: Rasa::from_index(label.into()),
            faults: Faults::from_bits(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Fault;

    #[test]
    fn a_status_comes_out_as_it_went_in() {
        for state in State::ALL {
            for label in [None, Some(Rasa::Shringara), Some(Rasa::Shanta)] {
                let mut faults = Faults::NONE;
                faults.set(Fault::Config, label.is_some());
                let status = PanelStatus { state, label, faults };
                assert_eq!(PanelStatus::from_word(status.to_word()), status);
            }
        }
    }
}
