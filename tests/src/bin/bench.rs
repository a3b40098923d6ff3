//! `make bench`: the phone's speed, one JSON line per workload. See `lianxin_tests::bench`.

use clap::Parser;
use std::path::PathBuf;

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
    let records = lianxin_tests::bench::records(args.input.as_deref(), args.visits)?;
    println!("{}", lianxin_tests::bench::save_visit(&records)?);
    println!("{}", lianxin_tests::bench::search_households(args.households)?);
    if let Some(line) = lianxin_tests::bench::first_load(&args.web)? {
        println!("{line}");
    }
    if args.township > 0 {
        let runtime = tokio::runtime::Runtime::new()?;
        println!("{}", runtime.block_on(lianxin_tests::bench::start_offline(args.township, SLOWER))?);
    }
    Ok(())
}
