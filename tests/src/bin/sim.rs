//! Runs the simulator: many seeds and what they covered, or one seed with its whole story.

use clap::Parser;
use lianxin_tests::sim;
use std::{process::ExitCode, time::Instant};

/// In so many worlds everything happens that is to be tried.
const TELLING: u64 = 300;

#[derive(Parser)]
#[command(about = "连心册的模拟器：多台手机、断网、崩溃、时钟乱跳，全由一个种子决定")]
struct Arguments {
    /// How many worlds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This one alone, with its whole story.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let Arguments { seeds, from, seed } = Arguments::parse();
    if let Some(seed) = seed {
        match sim::run(seed, true) {
            Ok(report) => println!("{}seed {seed} ended well:\n{}", report.trace, report.coverage),
            Err(failure) => return failed(&[failure]),
        }
        return ExitCode::SUCCESS;
    }
    let begun = Instant::now();
    let (coverage, failures) = sim::run_many(from, seeds);
    println!("{coverage}{:.1} s", begun.elapsed().as_secs_f64());
    if !failures.is_empty() {
        return failed(&failures);
    }
    let missing = coverage.missing();
    if seeds >= TELLING && !missing.is_empty() {
        eprintln!("没有发生过，等于没有试过：{}", missing.join("、"));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The first failure with the tail of its story, the others in a line.
fn failed(failures: &[sim::Failure]) -> ExitCode {
    for (n, failure) in failures.iter().enumerate() {
        if n == 0 {
            eprintln!("{failure}");
        } else {
            eprintln!("seed {}: {}", failure.seed, failure.what);
        }
    }
    ExitCode::FAILURE
}
