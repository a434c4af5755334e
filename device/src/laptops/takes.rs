//! Takes on the wire and takes in the store are the same takes.

use crate::link::message::bounds::{NAME, SETTING, SETTINGS};
use crate::link::message::{self, Label, TakeInfo};
use crate::store::{BoxId, Change, Moment, Recorded, State, Take, TakeHash, TakeId};

/// Which take, as the store says it.
#[must_use]
pub const fn id_of(id: message::TakeId) -> TakeId {
    TakeId { box_id: BoxId(id.box_id.0), number: id.number }
}

/// Whether the wire carries all that was recorded of a take. Else it carries the beginning of a text that is too long,
/// which is not what the take's hash proves.
#[must_use]
pub fn fits(recorded: &Recorded) -> bool {
    recorded.performer.len() <= SETTING
        && recorded.config.len() <= SETTINGS
        && recorded.model.len().max(recorded.started.boot.len()) <= NAME
}

/// A whole take for the wire; `None` while it is not whole.
#[must_use]
pub fn info_of(take: &Take) -> Option<TakeInfo> {
    let state = match take.state {
        State::Confirmed => message::TakeState::Confirmed,
        State::Interrupted => message::TakeState::Interrupted,
        State::Gone => message::TakeState::Gone,
        State::Recording | State::Fetching => return None,
    };
    let Recorded { label, performer, started, config, features_version, model, mirrored, width, height } =
        take.recorded.clone();
    let Moment { unix_ms, boot, since_boot_ms } = started;
    Some(TakeInfo {
        id: message::TakeId { box_id: message::BoxId(take.id.box_id.0), number: take.id.number },
        change: take.changed?,
        state,
        label: Label(Some(take.label)),
        performer: take.performer.clone(),
        discarded: take.discarded,
        recorded: message::Recorded {
            label: Label(Some(label)),
            performer,
            started: message::Moment { unix_ms, boot, since_boot_ms },
            config,
            features_version,
            model,
            mirrored,
            width,
            height,
        },
        observations: take.observations,
        bytes: take.bytes,
        hash: take.hash?.0,
    })
}

/// A change for the wire. A take of which too little can be read is one that is damaged.
#[must_use]
pub fn told_of(change: &Change) -> TakeInfo {
    let (id, number) = match change {
        Change::Take(take) => match info_of(take) {
            Some(info) => return info,
            None => (take.id, change.number()),
        },
        Change::Damaged { id, changed } => (*id, *changed),
    };
    TakeInfo::damaged(message::TakeId { box_id: message::BoxId(id.box_id.0), number: id.number }, number)
}

/// A take of the wire for the store; `None` if it has no label.
#[must_use]
pub fn take_of(info: &TakeInfo) -> Option<Take> {
    let message::Recorded { label, performer, started, config, features_version, model, mirrored, width, height } =
        info.recorded.clone();
    let message::Moment { unix_ms, boot, since_boot_ms } = started;
    Some(Take {
        id: id_of(info.id),
        state: match info.state {
            message::TakeState::Damaged => return None,
            message::TakeState::Confirmed => State::Confirmed,
            message::TakeState::Interrupted => State::Interrupted,
            message::TakeState::Gone => State::Gone,
        },
        changed: Some(info.change),
        label: info.label.0?,
        performer: info.performer.clone(),
        discarded: info.discarded,
        here_label: None,
        here_discarded: None,
        recorded: Recorded {
            label: label.0?,
            performer,
            started: Moment { unix_ms, boot, since_boot_ms },
            config,
            features_version,
            model,
            mirrored,
            width,
            height,
        },
        observations: info.observations,
        bytes: info.bytes,
        hash: Some(TakeHash(info.hash)),
    })
}
