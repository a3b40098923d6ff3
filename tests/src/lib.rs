//! Support code of the tests: the simulated world, servers and browsers under test, benchmarks.

pub mod bench;
pub mod e2e;
pub mod faults;
pub mod register;
pub mod sim;
