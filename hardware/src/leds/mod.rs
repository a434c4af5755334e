//! LEDs: patterns as pure functions of time, and a lamp that shows a brightness on any light.

mod counting;
mod lamp;
mod pattern;

pub use counting::Counting;
pub use lamp::Lamp;
pub use pattern::{FRAME, Pattern, Step};
