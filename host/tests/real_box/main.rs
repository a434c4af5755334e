//! Box and laptop, the real programs, as a performer and a teacher use them.

#[path = "../../../device/tests/cable/mod.rs"]
mod cable;
mod evening;
mod images;
mod killed;
#[path = "../laptop/mod.rs"]
mod laptop;
mod person;
#[path = "../../../device/tests/rasika/mod.rs"]
mod rasika;
#[path = "../../../device/tests/synth/mod.rs"]
mod synth;
