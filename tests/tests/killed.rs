//! Real processes killed at random moments under load, over a bad wire: nothing that was acknowledged is lost or doubled.

use lianxin_tests::faults::{Plan, run};
use std::{path::PathBuf, time::Duration};

#[test]
fn after_forty_kills_everything_acknowledged_is_there_once() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_faults"));
    let plan = Plan { program, seed: 7, phones: 3, kills: 40, soak: Duration::ZERO };
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
