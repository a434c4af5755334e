//! Takes and what was seen in them.

pub mod codec;
