//! The link between box and laptop, shared by both: pair, pull, push and roll back, over serial and over the network.
//!
//! ```text
//! requests and replies   postcard                                  message, server, client
//! streams                credit, cancel, urgent before bulk        mux
//! records                Noise XX, ChaCha20-Poly1305               secure
//! bytes                  TCP, or a serial line made reliable       serial
//! ```
//!
//! A box implements [`BoxSide`] and runs a [`Server`]; a laptop implements [`LaptopSide`] and calls a [`Client`]. The
//! same four layers run over any stream of bytes. [`memory`] is both sides without a box, [`fault`] a bad line.
//!
//! # The wire, from below
//! 1. *Serial only*: frames, packets, and what makes a line reliable: [`serial`].
//! 2. *Handshake*: three messages behind their lengths: [`secure::handshake`]. Until it is done the other side can cost
//!    the box one of [`Limits::handshakes`] places (one more ends the oldest of the address that has the most) for [`Limits::handshake_time`], and 256
//!    bytes a message.
//! 3. *Records*: length (u16, big-endian) and ciphertext, at most 16 464 bytes; a new key each 4096 records:
//!    [`secure::record`].
//! 4. *Verdict and pairing*: [`secure::admission`]; whose turn it is: [`secure::pairing`]; why three digits are enough:
//!    [`secure::digits`].
//! 5. *Hello*, one record from each side: [`message::Hello`]. Who is older is told, and nothing else is read.
//! 6. *Frames* of streams, one to a record: [`mux`].
//! 7. *Messages* on a stream: a [`message::Request`] from the laptop, then `Result<T, Refusal>` from the box, as the
//!    request's doc says; at most 64 KiB each.
//!
//! A take travels as its chunks, from the first part the laptop lacks, and the laptop proves it by the take's BLAKE3
//! before the change counts as taken in. A pushed file travels from the first byte the box lacks, is proved by its
//! BLAKE3, checked and kept; it comes in force by a request of its own.
//!
//! # What a peer can cost
//! Unknown ones: the handshake places above, and while pairing is open those of [`secure::pairing::WAITING`] who wait.
//! Known ones: [`Limits::sessions`] sessions, each at most 16 streams, which together hold 256 KiB that the box has not read ([`mux::MAX_UNREAD`]) and each one answer that the laptop has not
//! read, of at most 64 KiB, twice while it is written: 3 MiB at the very most. Files are read piece by piece.
//! `rasikad_overfilled` measures it. Texts and lists on the wire have their bounds in [`message::bounds`]; a laptop's
//! requests have time limits, so that a box that lives and does not answer is told within seconds.
//!
//! # Why not `postcard-rpc`
//! Its model is one request and one reply (or topics without end) on a bus that carries whole frames. It has no flow
//! control for a stream of replies (a topic's reader who is slow loses messages), no way to call a request off over the
//! wire, no order of urgency, no bound on a frame, its servers for `std` are of USB gadgets and tests, and an unknown
//! request is an unknown key, which does not say which side is to be updated. We take its schemas:
//! `postcard-schema` hashes the shapes of all messages, see [`message::SCHEMA`].

pub mod box_side;
pub mod client;
pub mod discovery;
mod error;
pub mod fault;
mod inbox;
pub mod laptop_side;
pub mod memory;
pub mod message;
pub mod mux;
pub mod secure;
pub mod serial;
pub mod server;

pub use box_side::{BoxSide, Opened, SET_BACK};
pub use client::{Client, Coming, Progress, Pulled};
pub use error::{LinkError, NotLetIn};
pub use inbox::Inbox;
pub use laptop_side::{LaptopSide, Wanted};
pub use mux::Pace;
pub use secure::{Expect, Identity, KeyRing, Owner, PairingEvent, PairingWindow};
pub use server::{Limits, Server};
