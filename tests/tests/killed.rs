//! Real processes killed at random moments under load, over a bad wire, and disks that are full: nothing that was
//! acknowledged is lost or doubled.

use lianxin_tests::faults::{Outcome, Plan, fill_disks, run};
use std::{path::PathBuf, time::Duration};

/// How long it goes on after the kills, over the same wire.
const SOAK: Duration = Duration::from_secs(120);

#[test]
fn after_forty_kills_and_a_soak_everything_acknowledged_is_there_once() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_faults"));
    let plan = Plan { program, seed: 7, phones: 3, kills: 40, soak: SOAK };
    let line = run(&plan).expect("nothing is lost");
    assert!(line["edits_acknowledged"].as_u64() > Some(100), "too little happened: {line}");
    assert!(
        line["kills_of_server"].as_u64() > Some(5) && line["kills_of_phones"].as_u64() > Some(5),
        "{line}"
    );
    for harm in ["connections_cut", "connections_truncated", "connections_corrupted", "pieces_delayed"] {
        assert!(line[harm].as_u64() > Some(0), "the wire never did this: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_says_so_and_goes_on_once_there_is_room() {
    match fill_disks().await.expect("nothing is lost") {
        Outcome::Done(line) => println!("{line}"),
        Outcome::NotPossible(words) => eprintln!("{words}"),
    }
}
