//! Entry point of the phone app.
fn main() {}
