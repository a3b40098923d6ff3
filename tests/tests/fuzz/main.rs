//! Fuzz targets: what comes from outside, broken in every way. Each runs for some seconds in every test run and as
//! long as one likes by `make fuzz`; a failure prints the seed that repeats it (`BOLERO_RANDOM_SEED`).

mod import;
mod merge;
mod mutate;
mod wire;

use std::time::Duration;

/// How long each target runs unless `BOLERO_RANDOM_TEST_TIME_MS` says otherwise.
const TIME: Duration = Duration::from_secs(15);
