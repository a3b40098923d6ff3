//! Sync on a real device: the machine's actions executed beside the store, and the requests that it sends.
//! Natively and in the browser the same code; only how a task is spawned differs.

mod driver;
mod enrol;
mod transport;
mod words;

pub use driver::{Driver, Effect};
pub use enrol::{EnrolError, enrol};
pub use transport::{Answer, Exchange, Path, Transport};
