//! `make faults`: kills real processes at random moments and looks what is left. See `lianxin_tests::faults`.

use clap::{Parser, Subcommand};
use lianxin_tests::faults::{Outcome, PhoneArgs, Plan, fill_disks, kill_browsers, run, work};
use std::time::Duration;

/// 真的杀进程：服务器和手机随时被 kill -9，之后一条不少、一条不重
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    /// Kills in all.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// Kills of a whole browser.
    #[arg(long, default_value_t = 20)]
    browser_kills: usize,
    /// Phones at work.
    #[arg(long, default_value_t = 4)]
    phones: usize,
    /// Chooses moments and victims.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Goes on so long after the kills, seconds.
    #[arg(long, default_value_t = 1200)]
    soak_s: u64,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// One of the phones.
    Phone(PhoneArgs),
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(Part::Phone(phone)) = args.part {
        return tokio::runtime::Runtime::new()?.block_on(work(phone));
    }
    let plan = Plan {
        program: std::env::current_exe()?,
        seed: args.seed,
        phones: args.phones,
        kills: args.kills,
        soak: Duration::from_secs(args.soak_s),
    };
    println!("{}", run(&plan)?);
    let runtime = tokio::runtime::Runtime::new()?;
    match runtime.block_on(fill_disks())? {
        Outcome::Done(line) => println!("{line}"),
        Outcome::NotPossible(words) => println!("{words}"),
    }
    println!("{}", runtime.block_on(kill_browsers(args.browser_kills, args.seed))?);
    Ok(())
}
