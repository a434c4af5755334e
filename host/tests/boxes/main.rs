//! What a teacher does with boxes, by the real `rasika` over loopback TCP and over a serial cable.

#[path = "../../../device/tests/adversary/mod.rs"]
mod adversary;
#[path = "../../../device/tests/cable/mod.rs"]
mod cable;
mod collecting;
mod deciding;
mod exporting;
mod hostile_words;
#[path = "../laptop/mod.rs"]
mod laptop;
mod lying;
mod own;
mod pairing;
mod pushing;
mod speed;
mod stage;
#[path = "../../../device/tests/takes/mod.rs"]
mod takes;
