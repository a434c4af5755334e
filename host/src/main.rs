//! The laptop companion.
fn main() {}
