//! The transitions: for every input in every state, what is done. Nothing is left out, so nothing is left to chance.

use Action::{
    Accept, Ask, Automatic, CallOff, Close, Count, Deny, Discard, Fell, Home, Label, LetGo, Next, No, Note, Open,
    Paired, Panic, Refuse, Refused, Saved, ShutDown, Start, Stop, Wait,
};

/// What the panel is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The box is not up yet.
    Starting,
    /// It plays.
    Playing,
    /// A label was chosen just now and is shown.
    Choosing,
    /// A take is about to begin.
    CountIn,
    /// A take is being recorded.
    Recording,
    /// It is on its way to the disk.
    Saving,
    /// Both buttons are down: letting go pairs, holding on shuts down.
    LetGo,
    /// A laptop may ask to be paired.
    Pairing,
    /// One has asked; its digits are blinked.
    Asked,
    /// Something new is being installed. It plays.
    Updating,
    /// Something is wrong. It plays.
    Fault,
    /// The box is on its way down.
    Stopping,
}

impl State {
    /// Every state, in the order of the table's columns.
    pub const ALL: [Self; 12] = [
        Self::Starting,
        Self::Playing,
        Self::Choosing,
        Self::CountIn,
        Self::Recording,
        Self::Saving,
        Self::LetGo,
        Self::Pairing,
        Self::Asked,
        Self::Updating,
        Self::Fault,
        Self::Stopping,
    ];

    /// In a word, for people and status.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Playing => "playing",
            Self::Choosing => "choosing a label",
            Self::CountIn => "counting in",
            Self::Recording => "recording",
            Self::Saving => "saving",
            Self::LetGo => "let go to pair",
            Self::Pairing => "pairing",
            Self::Asked => "pairing asked",
            Self::Updating => "updating",
            Self::Fault => "fault",
            Self::Stopping => "stopping",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What can happen to the panel, without what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// SELECT clicked.
    SelectClick,
    /// SELECT held.
    SelectHold,
    /// RECORD clicked, where a click does not record.
    RecordClick,
    /// RECORD clicked twice.
    RecordDouble,
    /// RECORD says: record.
    RecordBegin,
    /// RECORD says: enough.
    RecordEnd,
    /// Both clicked.
    BothClick,
    /// Both held for 3 s.
    BothLong,
    /// Both let go after that.
    BothLetGo,
    /// Both held for 10 s.
    BothLongest,
    /// The state's time has run out.
    Due,
    /// The box is up.
    Ready,
    /// A take is on the disk.
    TakeSaved,
    /// The take being recorded was ended by the recorder, and is on the disk.
    TakeCut,
    /// A take is not recorded, or not kept.
    TakeRefused,
    /// A laptop asks to be paired.
    PairingAsked,
    /// The laptop that asked does so no longer.
    PairingLeft,
    /// Pairing is over, with or without success.
    PairingDone,
    /// An update began or ended, a fault came or went.
    Noted,
}

impl Input {
    /// Every input, in the order of the table's rows.
    pub const ALL: [Self; 19] = [
        Self::SelectClick,
        Self::SelectHold,
        Self::RecordClick,
        Self::RecordDouble,
        Self::RecordBegin,
        Self::RecordEnd,
        Self::BothClick,
        Self::BothLong,
        Self::BothLetGo,
        Self::BothLongest,
        Self::Due,
        Self::Ready,
        Self::TakeSaved,
        Self::TakeCut,
        Self::TakeRefused,
        Self::PairingAsked,
        Self::PairingLeft,
        Self::PairingDone,
        Self::Noted,
    ];
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    No,
    /// Silence; the state stays.
    Panic,
    /// The next rasa is the label, and is heard.
    Label,
    /// The face chooses again.
    Automatic,
    /// Counting in begins; an open pairing is closed.
    Count,
    /// The take is not begun after all.
    CallOff,
    /// The take begins.
    Start,
    /// The take ends and is saved.
    Stop,
    /// The last take is discarded, one that is being recorded is ended first.
    Discard,
    /// Says that a take is on the disk.
    Saved,
    /// Says that a take is not.
    Refused,
    /// Both are held: letting go will pair. What was going on ends.
    LetGo,
    /// Letting go never came.
    Fell,
    /// Pairing opens.
    Open,
    /// Pairing closes, no one has asked.
    Close,
    /// The digits are blinked.
    Ask,
    /// The laptop is let in.
    Accept,
    /// The laptop is not let in, and pairing closes.
    Refuse,
    /// The laptop is not let in; another may ask, or have its turn.
    Next,
    /// No digits are blinked any more; pairing is open.
    Wait,
    /// A laptop that asks at the wrong time is not let in.
    Deny,
    /// Says how pairing went.
    Paired,
    /// The box shuts down.
    ShutDown,
    /// Back to playing, or to what there is to be said meanwhile.
    Home,
    /// Kept in mind, and shown where nothing else is going on.
    Note,
}

/// The action for an input in a state.
#[must_use]
pub const fn action(input: Input, state: State) -> Action {
    TABLE[input as usize][state as usize]
}

/// Rows are inputs, columns are states, both in the order of their `ALL`.
#[rustfmt::skip]
const TABLE: [[Action; State::ALL.len()]; Input::ALL.len()] = [
//                 Starting  Playing    Choosing   CountIn   Recording  Saving     LetGo     Pairing  Asked    Updating   Fault      Stopping
/* SelectClick  */ [No,       Label,     Label,     No,       No,        Label,     No,       Close,   Next,    Label,     Label,     No],
/* SelectHold   */ [No,       Automatic, Automatic, No,       No,        Automatic, No,       Close,   Next,    Automatic, Automatic, No],
/* RecordClick  */ [No,       No,        No,        No,       No,        No,        No,       No,      Accept,  No,        No,        No],
/* RecordDouble */ [No,       Discard,   Discard,   CallOff,  Discard,   Discard,   No,       No,      Accept,  Discard,   Discard,   No],
/* RecordBegin  */ [No,       Count,     Count,     No,       No,        Count,     No,       Count,   Accept,  Count,     Count,     No],
/* RecordEnd    */ [No,       No,        No,        CallOff,  Stop,      No,        No,       No,      No,      No,        No,        No],
/* BothClick    */ [Panic,    Panic,     Panic,     Panic,    Panic,     Panic,     Panic,    Panic,   Panic,   Panic,     Panic,     Panic],
/* BothLong     */ [LetGo,    LetGo,     LetGo,     LetGo,    LetGo,     LetGo,     No,       LetGo,   LetGo,   LetGo,     LetGo,     No],
/* BothLetGo    */ [No,       No,        No,        No,       No,        No,        Open,     No,      No,      No,        No,        No],
/* BothLongest  */ [No,       No,        No,        No,       No,        No,        ShutDown, No,      No,      No,        No,        No],
/* Due          */ [No,       No,        Home,      Start,    No,        Refused,   Fell,     Close,   Refuse,  No,        No,        No],
/* Ready        */ [Note,     No,        No,        No,       No,        No,        Note,     Note,    Note,    No,        No,        No],
/* TakeSaved    */ [No,       Saved,     Saved,     Saved,    Saved,     Saved,     Saved,    Saved,   Saved,   Saved,     Saved,     No],
/* TakeCut      */ [No,       Saved,     Saved,     Saved,    Saved,     Saved,     Saved,    Saved,   Saved,   Saved,     Saved,     No],
/* TakeRefused  */ [No,       Refused,   Refused,   Refused,  Refused,   Refused,   Refused,  Refused, Refused, Refused,   Refused,   No],
/* PairingAsked */ [Deny,     Deny,      Deny,      Deny,     Deny,      Deny,      Deny,     Ask,     Ask,     Deny,      Deny,      Deny],
/* PairingLeft  */ [No,       No,        No,        No,       No,        No,        No,       No,      Wait,    No,        No,        No],
/* PairingDone  */ [No,       Paired,    Paired,    Paired,   Paired,    Paired,    Paired,   Paired,  Paired,  Paired,    Paired,    No],
/* Noted        */ [Note,     Note,      Note,      Note,     Note,      Note,      Note,     Note,    Note,    Note,      Note,      Note],
];
