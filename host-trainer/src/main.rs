//! host-trainer
fn main() {}
