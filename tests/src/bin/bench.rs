//! `make bench`: how fast phone and server are, one JSON line per workload. See `lianxin_tests::bench`.

use clap::Parser;
use lianxin_tests::bench;
use std::{path::PathBuf, time::Duration};

/// An old phone beside this machine.
const SLOWER: u32 = 4;

/// 速度指标，每项一行 JSON
#[derive(Debug, Parser)]
struct Args {
    /// Visit records as JSON lines; without it, made-up ones of the same shape.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Visits saved in S1.
    #[arg(long, default_value_t = 400)]
    visits: usize,
    /// Visits synced in W1 to W5; 0 leaves them out.
    #[arg(long, default_value_t = 10_000)]
    synced: usize,
    /// Measurements of each of W1 to W5.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Round trip between phone and server in W1 to W4, milliseconds.
    #[arg(long, default_value_t = 0)]
    rtt_ms: u64,
    /// Phones of W5; 0 leaves it out.
    #[arg(long, default_value_t = 50)]
    crowd: usize,
    /// Only W1 to W5.
    #[arg(long)]
    sync_only: bool,
    /// Only growth: W1 to W4 and a restart, with so many records on the server.
    #[arg(long, value_delimiter = ',')]
    growth: Vec<usize>,
    /// Only a working day of so many phones at one server.
    #[arg(long)]
    day: Option<usize>,
    /// Households searched in S2.
    #[arg(long, default_value_t = 20_000)]
    households: usize,
    /// Households of the township whose phone starts in the browser; 0 leaves the start out.
    #[arg(long, default_value_t = 2_900)]
    township: usize,
    /// The built phone app, for its size.
    #[arg(long, default_value = "target/web")]
    web: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(phones) = args.day {
        println!("{}", bench::day(phones)?);
        return Ok(());
    }
    if !args.growth.is_empty() {
        return bench::growth(&args.growth, |line| println!("{line}"));
    }
    if args.synced > 0 {
        let records = bench::records(args.input.as_deref(), args.synced)?;
        let lines = bench::raw_records(args.input.as_deref(), args.synced)?;
        let round_trip = Duration::from_millis(args.rtt_ms);
        let how = bench::SyncBench { runs: args.runs, crowd: args.crowd, round_trip };
        bench::sync_workloads(&records, &lines, how, |line| println!("{line}"))?;
    }
    if args.sync_only {
        return Ok(());
    }
    let records = bench::records(args.input.as_deref(), args.visits)?;
    println!("{}", bench::save_visit(&records)?);
    println!("{}", bench::search_households(args.households)?);
    if let Some(line) = bench::first_load(&args.web)? {
        println!("{line}");
    }
    if args.township > 0 {
        let runtime = tokio::runtime::Runtime::new()?;
        println!("{}", runtime.block_on(bench::start_offline(args.township, SLOWER))?);
    }
    Ok(())
}
