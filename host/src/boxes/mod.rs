//! The boxes this laptop knows, and how it reaches them.

mod address;
mod book;
mod finding;
mod owner;
mod reach;

pub use address::Address;
pub use book::KnownBox;
pub use owner::{Person, Yes};
pub use reach::{Laptop, here, told};
