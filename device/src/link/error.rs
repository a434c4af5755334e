//! What can go wrong between box and laptop, each with what to do.

use super::message::Refusal;

/// The link cannot do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The connection broke.
    #[error("the connection broke ({0}); do it again, it goes on where it was")]
    Broken(String),
    /// Nothing was heard for long.
    #[error("the other side has fallen silent; check the cable or the network, then do it again")]
    Silent,
    /// It lives, and does not answer.
    #[error(
        "the other side is there but has not answered for {0} s; try again, and if it stays so start the box again"
    )]
    NoAnswer(u64),
    /// The box reads at a start what was pushed.
    #[error("the box starts anew to take in what was pushed; it is back in a few seconds, try again then")]
    StartsAnew,
    /// The serial line has nobody at its other end.
    #[error("nobody answers on the serial line; check the cable, the baud rate, and that the box is on")]
    NobodyAnswers,
    /// A serial port that does not open.
    #[error(
        "the serial port {path} cannot be opened ({error}); check its name and that you may use it (group dialout)"
    )]
    Port {
        /// Its name.
        path: String,
        /// What the system says.
        error: String,
    },
    /// No connection to an address.
    #[error("no connection to {address} ({error}); check that the box is on and in the same network")]
    Unreachable {
        /// Where.
        address: String,
        /// What the system says.
        error: String,
    },
    /// What came is not of this protocol.
    #[error("the other side does not speak Rasika's link ({0}); check address or port")]
    Garbage(&'static str),
    /// The handshake took too long.
    #[error("the handshake took too long; try again")]
    TooSlow,
    /// The box is not the one that was paired.
    #[error(
        "this is not the box that was paired as {name}: it shows key {shown}, not {known}; if it was set up anew, forget it (`rasika boxes forget {name}`) and pair again, else somebody stands in between"
    )]
    KeyChanged {
        /// As this laptop knows it.
        name: String,
        /// Fingerprint of the paired key.
        known: String,
        /// Fingerprint of the key that was shown.
        shown: String,
    },
    /// The laptop's owner said no.
    #[error(
        "not paired, and nothing was kept: the digits were not said to be the same; if they differ somebody stands in between: try again over the cable"
    )]
    NotAgreed,
    /// The box refused the session.
    #[error(transparent)]
    NotLetIn(#[from] NotLetIn),
    /// The box's program is older.
    #[error("the box runs rasikad {theirs}, which is older than this laptop's {ours}; update the box to {ours}")]
    UpdateBox {
        /// The box's.
        theirs: String,
        /// The laptop's.
        ours: String,
    },
    /// The laptop's program is older.
    #[error("the box runs rasikad {theirs}, this laptop the older {ours}; update the laptop to {theirs}")]
    UpdateLaptop {
        /// The box's.
        theirs: String,
        /// The laptop's.
        ours: String,
    },
    /// Same version, other messages: builds between releases.
    #[error(
        "box ({theirs}) and laptop ({ours}) are of different builds; update the box to this laptop's build, or the laptop to the box's"
    )]
    OtherBuild {
        /// The box's.
        theirs: String,
        /// The laptop's.
        ours: String,
    },
    /// The other side broke the rules.
    #[error("the other side broke the protocol ({0}); update both to the same release")]
    Violation(&'static str),
    /// The box says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Bulk that is not what was announced.
    #[error("{0} did not arrive whole; do it again")]
    WrongHash(String),
    /// This side's own store or file.
    #[error("{0}")]
    Here(String),
    /// A file of keys.
    #[error("{path} {what}")]
    KeyFile {
        /// Which.
        path: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The kernel gives no random numbers.
    #[error("this computer gives no random numbers; without them there are no keys: check the system")]
    NoRandomness,
}

/// Why a box does not let a laptop in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[repr(u8)]
pub enum NotLetIn {
    /// The key is not on its list.
    #[error("the box does not know this laptop; pair it (`rasika pair`)")]
    Unknown = 1,
    /// Nobody opened pairing.
    #[error("the box is not pairing; hold both its buttons for three seconds, then try again within a minute")]
    Closed = 2,
    /// More laptops asked than have their turn.
    #[error("too many laptops ask the box; open pairing again, or connect the cable, which goes first")]
    Crowded = 3,
    /// The person said no.
    #[error("pairing was refused at the box; if the digits were the same, open pairing again and press RECORD")]
    Declined = 4,
    /// One of the two said nothing.
    #[error("nobody said yes in time, with RECORD at the box and with the digits here; open pairing again")]
    TimeOut = 5,
    /// Too many sessions.
    #[error("the box serves as many laptops as it can; end one of them and try again")]
    Full = 6,
    /// Its list of keys cannot be written.
    #[error("the box could not keep this laptop's key; look at its logs and its disk")]
    NotKept = 7,
    /// It reads at a start what was pushed.
    #[error("the box starts anew to take in what was pushed; it is back in a few seconds, try again then")]
    StartsAnew = 16,
}

impl NotLetIn {
    pub(super) const ALL: [Self; 8] = [
        Self::Unknown,
        Self::Closed,
        Self::Crowded,
        Self::Declined,
        Self::TimeOut,
        Self::Full,
        Self::NotKept,
        Self::StartsAnew,
    ];
}

impl From<std::io::Error> for LinkError {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
