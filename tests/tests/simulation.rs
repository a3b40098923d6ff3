//! A few hundred simulated worlds: nothing that a screen acknowledged is lost, and everybody ends equal.

use lianxin_tests::sim;

/// Worlds of a CI run.
const SEEDS: u64 = 300;

#[test]
fn a_few_hundred_worlds_lose_nothing_and_end_equal() {
    let (coverage, failures) = sim::run_many(0, SEEDS);
    if let Some(failure) = failures.first() {
        panic!("{failure}");
    }
    println!("{coverage}");
    assert_eq!(coverage.missing(), Vec::<&str>::new(), "never happened in {SEEDS} worlds:\n{coverage}");
}

#[test]
fn a_seed_replays_the_same_world() {
    let story =
        |seed| sim::run(seed, false).map(|report| report.story).map_err(|failure| failure.to_string());
    for seed in [1, 2, 3, 5] {
        assert_eq!(story(seed), story(seed), "seed {seed}");
    }
}
