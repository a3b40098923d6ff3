//! Sync on a real device: the machine's actions executed beside the store, and the requests that it sends.
//! Natively and in the browser the same code; only how a task is spawned differs.

mod driver;
mod enrol;
mod files;
mod photos;
mod transport;
mod words;

pub use driver::{Driver, Effect, Wish};
pub use enrol::{EnrolError, enrol};
pub use files::{FileAnswer, FileExchange, FileJob, Method};
pub use transport::{Answer, Asked, Exchange, Path, Transport};
