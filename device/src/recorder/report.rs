//! What the recorder has to say, for the panel, the log and people.

use crate::store::{Rescued, Take, TakeId};
use std::fmt;

/// Something the recorder did, or could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The store is open.
    Ready {
        /// Takes that a cut left unfinished, and that are kept as interrupted.
        interrupted: Vec<TakeId>,
    },
    /// A take is being recorded.
    Begun(TakeId),
    /// A take was not begun: why, and what to do.
    Refused(String),
    /// A take is whole and on the disk.
    Confirmed {
        /// The take.
        take: Box<Take>,
        /// Observations that came faster than the disk.
        missed: u64,
        /// Observations that held values that cannot be stored.
        unstorable: u64,
        /// Pictures that were kept.
        pictures: u64,
        /// Why it ended before it was told to, if it did.
        cut_short: Option<String>,
    },
    /// A take of which nothing was seen was forgotten.
    Empty(TakeId),
    /// The last take is discarded.
    Discarded(TakeId),
    /// There is no take to discard.
    NothingToDiscard,
    /// The oldest takes that a laptop holds made room.
    Pruned(TakeId),
    /// A damaged file was put aside, and a new one begun with what could be read of it. Who else has the file open should
    /// open it anew.
    SetAside(Box<Rescued>),
    /// The store does not work: why, and what to do. A take that was being recorded has ended; its chunks so far are
    /// kept where the disk still has them. It is tried again.
    Fault(String),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { interrupted } if interrupted.is_empty() => f.write_str("ready to record"),
            Self::Ready { interrupted } => {
                write!(f, "ready to record; kept what a cut left of {}", interrupted.len())?;
                f.write_str(if interrupted.len() == 1 { " take" } else { " takes" })
            }
            Self::Begun(id) => write!(f, "recording take {id}"),
            Self::Refused(why) => write!(f, "not recording: {why}"),
            Self::Confirmed { take, missed, unstorable, pictures, cut_short } => {
                write!(f, "take {} of {} is kept: {} observations", take.id, take.label, take.observations)?;
                if *pictures > 0 {
                    write!(f, " and {pictures} pictures")?;
                }
                if missed + unstorable > 0 {
                    write!(f, ", {} left out", missed + unstorable)?;
                }
                cut_short.as_ref().map_or(Ok(()), |why| write!(f, "; it ended early: {why}"))
            }
            Self::Empty(id) => write!(f, "take {id} is not kept: nothing was seen in it"),
            Self::Discarded(id) => write!(f, "take {id} is discarded; the laptop can restore it"),
            Self::NothingToDiscard => f.write_str("there is no take to discard"),
            Self::Pruned(id) => write!(f, "take {id} made room; a laptop holds it"),
            Self::SetAside(rescued) => rescued.fmt(f),
            Self::Fault(why) => write!(f, "cannot record: {why}"),
        }
    }
}
