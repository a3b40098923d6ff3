//! `lianxin-server`: command line.
fn main() {}
