//! Adversaries that speak the wire themselves, for tests of what a box or a laptop does with peers that mean no good.
//!
//! They have keys of their own ([`Key`]) and shake hands by hand, so a test may say anything at any moment:
//!
//! - [`FakeLaptop`] knocks at a box. [`FakeLaptop::enter`] is a session as a known laptop (put its key on the box's ring
//!   before), then [`FakeLaptop::request`], [`FakeLaptop::answer`] and [`FakeLaptop::frame`].
//! - [`FakeBox`] listens on loopback. [`FakeBox::accept`] is one laptop that has come ([`Guest`]), to be led by the
//!   test; [`FakeBox::serve`] lets everybody in and answers each request with what a closure says.
//! - [`Middle`] stands between a laptop and a box, with both of them a handshake of its own.
//!
//! ```ignore
//! let key = Key::draw();
//! stage.ring.add("rogue", key.public).unwrap();
//! let mut rogue = FakeLaptop::enter(&address, &key, &Hello::new("rogue")).await.unwrap();
//! let stream = rogue.request(&Request::Status).await;
//! let status: Result<Status, Refusal> = rogue.answer(stream).await.unwrap();
//!
//! let fake = FakeBox::bind(Key::draw(), "stage").await;
//! let address = fake.address.clone();
//! tokio::spawn(fake.serve(Some(BoxId([7; 16])), |request| match request {
//!     Request::Changes { .. } => vec![yes(&take)],
//!     _ => vec![no("not here")],
//! }));
//! ```
//!
//! Another test program has it with `#[path = "…/device/tests/adversary/mod.rs"] mod adversary;` and needs `snow`.
// Each test program uses a part of it.
#![allow(dead_code, unused_imports)]

mod laptop;
mod middle;
mod served;
mod wire;

pub use laptop::{FakeLaptop, PAIR, SESSION};
pub use middle::Middle;
pub use served::{FakeBox, Guest, no, yes};
pub use wire::{Key, Wire};
