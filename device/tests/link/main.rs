//! Box and laptop, from end to end, over networks, pseudo-terminals and bad lines.

mod adversaries;
#[path = "../adversary/mod.rs"]
mod adversary;
mod bounds;
mod holding;
mod hostile;
mod interrupted;
mod lines;
mod pairing;
mod requests;
mod speed;
mod stage;
