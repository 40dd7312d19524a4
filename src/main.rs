//! The real world, run, exit code.
fn main() {}
