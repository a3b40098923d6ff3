//! The machine driven by hand.

use super::*;
use crate::replica::{ChainHash, DeviceId, Patch};
use crate::wire::v1::{Cursor, ErrorBody, Life, Receipt, SalvageResponse};
use std::collections::BTreeSet;

fn outgoing(patches: usize, waiting: u32) -> Input {
    let patch = |i: usize| Patch {
        device_seq: i as u64 + 1,
        edit: crate::replica::PatchDraft {
            stamp: crate::replica::Stamp { wall_ms: 1, counter: 0, device: DeviceId::from_bits(1) },
            kind: "visit".into(),
            id: Uuid::from_u128(i as u128),
            village: "330100101001".into(),
            set: BTreeMap::from([("notes".into(), "好".into())]),
            base: BTreeMap::new(),
        },
    };
    Input::Loaded(Box::new(Outgoing {
        server_id: Uuid::nil(),
        epoch: Uuid::nil(),
        cursor: Cursor::default(),
        receipt_seen: 0,
        left: Vec::new(),
        scope: String::new(),
        patches: (0..patches).map(patch).collect(),
        orders: BTreeMap::new(),
        waiting,
    }))
}

fn response(receipt: u64) -> Box<SyncResponse> {
    Box::new(SyncResponse {
        evicted: Vec::new(),
        erased: Vec::new(),
        protocol: PROTOCOL,
        server_id: Uuid::nil(),
        epoch: Uuid::nil(),
        server_time: 0,
        receipt: Receipt { device_seq: receipt, chain: ChainHash::start(DeviceId::from_bits(1)) },
        held: vec![],
        scope: None,
        accepted: Default::default(),
        changes: Default::default(),
        cursor: Cursor::default(),
        more: false,
        digest: String::new(),
    })
}

fn drain(machine: &mut Machine) -> Vec<Action> {
    std::iter::from_fn(|| machine.poll_action()).collect()
}

fn load_bytes(machine: &mut Machine) -> Option<usize> {
    drain(machine)
        .into_iter()
        .find_map(|a| if let Action::Load { bytes_max, .. } = a { Some(bytes_max) } else { None })
}

#[test]
fn one_quiet_exchange_is_load_send_commit_rest() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    assert_eq!(load_bytes(&mut machine), Some(batch_bytes_start));
    machine.handle(outgoing(0, 0), 1);
    assert!(matches!(drain(&mut machine).last(), Some(Action::Send(request)) if request.patches.is_empty()));
    machine.handle(Input::Answered(Ok(response(0))), 2);
    assert!(matches!(drain(&mut machine).as_slice(), [Action::Commit(_)]));
    machine.handle(
        Input::Committed(CommitReport { more: false, waiting: 0, digest_equal: true, former: false }),
        3,
    );
    let actions = drain(&mut machine);
    assert_eq!(actions.last(), Some(&Action::WakeAt(3 + idle_pull_ms)));
    assert!(actions.contains(&Action::Report(Phase::Done(3))) && !machine.is_busy());
}

#[test]
fn batches_double_while_quick_and_halve_on_failure() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    load_bytes(&mut machine);
    machine.handle(outgoing(3, 9), 0);
    machine.handle(Input::Answered(Ok(response(3))), 100);
    assert_eq!(load_bytes(&mut machine), Some(2 * batch_bytes_start));
    machine.handle(outgoing(3, 6), 200);
    machine.handle(Input::Committed(report(6)), 250);
    machine.handle(Input::Answered(Err(Failure::TooLarge)), 300);
    drain(&mut machine);
    machine.handle(Input::Woke, 10_000);
    assert_eq!(load_bytes(&mut machine), Some(batch_bytes_start));
}

fn report(waiting: u32) -> CommitReport {
    CommitReport { more: false, waiting, digest_equal: true, former: false }
}

/// A machine whose first answer, with the receipt 3, is to be committed while its second request is on its way.
fn one_ahead() -> (Machine, Vec<Action>) {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(3, 9), 0);
    drain(&mut machine);
    let cursor = Cursor { seq: 40, nonce: "n".into() };
    machine.handle(Input::Answered(Ok(Box::new(SyncResponse { cursor, ..*response(3) }))), 0);
    drain(&mut machine);
    machine.handle(outgoing(3, 6), 0);
    let actions = drain(&mut machine);
    (machine, actions)
}

#[test]
fn the_next_request_is_on_its_way_before_the_answer_is_committed() {
    let (mut machine, actions) = one_ahead();
    let [Action::Report(_), Action::Send(request), Action::Commit(answer)] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!((request.cursor.seq, request.receipt_seen), (40, 0), "a receipt counts once it is committed");
    assert_eq!(answer.receipt.device_seq, 3);
    // The answer may be there before the one before it is committed: they are committed in their order.
    machine.handle(Input::Answered(Ok(response(6))), 0);
    assert_eq!(drain(&mut machine), []);
    machine.handle(Input::Committed(report(6)), 0);
    assert!(
        matches!(drain(&mut machine).last(), Some(Action::Load { after: Some(receipt), .. }) if receipt.device_seq == 6)
    );
}

#[test]
fn where_the_villages_change_nothing_is_sent_ahead() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(3, 9), 0);
    drain(&mut machine);
    let scope = Some(Default::default());
    machine.handle(Input::Answered(Ok(Box::new(SyncResponse { scope, ..*response(3) }))), 0);
    assert!(matches!(drain(&mut machine).as_slice(), [Action::Commit(_)]));
}

#[test]
fn an_answer_that_goes_on_from_what_could_not_be_committed_is_of_no_use() {
    for early in [false, true] {
        let (mut machine, _) = one_ahead();
        if early {
            machine.handle(Input::Answered(Ok(response(6))), 0);
        }
        machine.handle(Input::StoreFailed("存满了".into()), 0);
        assert_eq!(machine.is_busy(), !early, "what is on its way is waited for");
        machine.handle(Input::Answered(Ok(response(6))), 0);
        let actions = drain(&mut machine);
        let problem = Action::Report(Phase::Problem(Failure::Store("存满了".into())));
        assert!(actions.contains(&problem) && !machine.is_busy(), "{actions:?}");
        machine.handle(Input::SyncNow, 9_000);
        assert!(matches!(drain(&mut machine).as_slice(), [Action::Load { after: None, .. }]));
    }
}

#[test]
fn what_was_answered_is_committed_though_nothing_can_be_loaded_after_it() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(3, 9), 0);
    machine.handle(Input::Answered(Ok(response(3))), 0);
    drain(&mut machine);
    machine.handle(Input::StoreFailed("存满了".into()), 0);
    let actions = drain(&mut machine);
    assert!(
        matches!(actions.as_slice(), [Action::Commit(answer)] if answer.receipt.device_seq == 3),
        "{actions:?}"
    );
    machine.handle(Input::Committed(report(6)), 0);
    assert!(load_bytes(&mut machine).is_some());
    machine.handle(Input::StoreFailed("存满了".into()), 0);
    assert!(!machine.is_busy(), "it tries again later");
}

#[test]
fn a_copy_that_shows_itself_while_a_request_is_ahead_waits_for_its_answer() {
    let (mut machine, _) = one_ahead();
    machine.handle(Input::Copied, 0);
    assert_eq!(drain(&mut machine), []);
    machine.handle(Input::Answered(Err(Failure::Network)), 0);
    assert!(matches!(drain(&mut machine).as_slice(), [Action::SendClone(_)]));
}

#[test]
fn a_change_during_an_exchange_starts_another_and_coming_back_online_starts_at_once() {
    let mut machine = Machine::new(1);
    machine.handle(Input::Online(false), 0);
    machine.handle(Input::Changed, 0);
    machine.handle(Input::Woke, settle_ms);
    assert_eq!(load_bytes(&mut machine), None, "offline: nothing is tried");
    machine.handle(Input::Online(true), 9_000);
    assert!(load_bytes(&mut machine).is_some());
    machine.handle(outgoing(1, 1), 9_000);
    machine.handle(Input::Changed, 9_001);
    machine.handle(Input::Answered(Ok(response(1))), 9_002);
    drain(&mut machine);
    machine.handle(
        Input::Committed(CommitReport { more: false, waiting: 0, digest_equal: true, former: false }),
        9_003,
    );
    assert!(load_bytes(&mut machine).is_some(), "what was saved meanwhile goes too");
}

#[test]
fn as_much_written_meanwhile_as_was_taken_is_no_failure() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(1, 1), 0);
    machine.handle(Input::Answered(Ok(response(1))), 1);
    drain(&mut machine);
    machine.handle(
        Input::Committed(CommitReport { more: false, waiting: 1, digest_equal: true, former: false }),
        2,
    );
    assert!(load_bytes(&mut machine).is_some(), "what was written meanwhile goes next");
}

#[test]
fn a_server_that_takes_nothing_is_not_asked_again_at_once() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(1, 1), 0);
    machine.handle(Input::Answered(Ok(response(0))), 1);
    drain(&mut machine);
    machine.handle(
        Input::Committed(CommitReport { more: false, waiting: 1, digest_equal: true, former: false }),
        2,
    );
    assert!(drain(&mut machine).contains(&Action::Report(Phase::Problem(Failure::Server))));
}

#[test]
fn late_answers_of_an_abandoned_exchange_are_ignored() {
    let mut machine = Machine::new(1);
    machine.handle(Input::Answered(Ok(response(0))), 0);
    machine.handle(
        Input::Committed(CommitReport { more: true, waiting: 9, digest_equal: false, former: false }),
        0,
    );
    assert_eq!(drain(&mut machine), vec![]);
}

#[test]
fn a_differing_digest_is_repaired_once_and_never_wipes() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(0, 0), 0);
    machine.handle(Input::Answered(Ok(response(0))), 0);
    drain(&mut machine);
    machine.handle(
        Input::Committed(CommitReport { more: false, waiting: 0, digest_equal: false, former: false }),
        0,
    );
    assert_eq!(drain(&mut machine).last(), Some(&Action::LoadSums));
    machine.handle(Input::Sums(BTreeMap::from([("330100101001".into(), "00".into())])), 0);
    assert!(
        matches!(drain(&mut machine).as_slice(), [Action::SendRepair(request)] if request.sums.len() == 1)
    );
    let answer = RepairResponse { protocol: 1, rows: BTreeMap::new(), wanted: Default::default(), seq: 3 };
    machine.handle(Input::Repaired(Ok(Box::new(answer))), 0);
    assert!(matches!(drain(&mut machine).as_slice(), [Action::Compare(_)]));
    machine.handle(Input::Differing(vec![Uuid::nil()]), 0);
    assert!(
        matches!(drain(&mut machine).as_slice(), [Action::SendRepair(request)] if request.want.len() == 1)
    );
}

fn refusal(code: ErrorCode, life: Option<Life>) -> Failure {
    Failure::Refused(ErrorBody { code, message: "乡镇服务器的话".into(), life })
}

#[test]
fn a_new_life_of_the_server_is_taken_up_at_once_but_not_for_ever() {
    let life = Life {
        epoch: Uuid::from_u128(9),
        receipt: Receipt { device_seq: 2, chain: ChainHash::start(DeviceId::from_bits(1)) },
    };
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    for _ in 0..renewals_max {
        machine.handle(outgoing(1, 1), 0);
        machine.handle(Input::Answered(Err(refusal(ErrorCode::OtherEpoch, Some(life.clone())))), 0);
        assert_eq!(drain(&mut machine).last(), Some(&Action::Renew(life.clone())));
        machine.handle(Input::Renewed, 0);
        assert!(load_bytes(&mut machine).is_some());
    }
    machine.handle(outgoing(1, 1), 0);
    machine.handle(Input::Answered(Err(refusal(ErrorCode::OtherEpoch, Some(life)))), 0);
    assert!(!machine.is_busy(), "a server that changes its life at every answer is left alone for a while");
}

#[test]
fn a_copied_phone_asks_for_an_id_of_its_own_and_goes_on() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(1, 1), 0);
    machine.handle(Input::Answered(Err(refusal(ErrorCode::ChainDiffers, None))), 0);
    assert!(matches!(drain(&mut machine).last(), Some(Action::SendClone(_))));
    machine.handle(Input::Recast(Err(Failure::Network)), 0);
    assert!(!machine.is_busy(), "without a network it asks again later");
}

#[test]
fn a_village_granted_while_a_former_life_is_looked_through_is_repaired_in_the_same_round() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(0, 0), 0);
    machine.handle(Input::Answered(Ok(response(0))), 0);
    let report = CommitReport { more: false, waiting: 0, digest_equal: false, former: true };
    machine.handle(Input::Committed(report), 0);
    assert!(matches!(drain(&mut machine).last(), Some(Action::LoadSalvage { .. })));
    machine.handle(Input::Salvage(Box::default()), 0);
    assert_eq!(drain(&mut machine), [Action::LoadSums]);
}

#[test]
fn what_the_new_life_lacks_is_offered_and_then_pulled() {
    let mut machine = Machine::new(1);
    machine.handle(Input::SyncNow, 0);
    machine.handle(outgoing(0, 0), 0);
    machine.handle(Input::Answered(Ok(response(0))), 0);
    let report = CommitReport { more: false, waiting: 0, digest_equal: true, former: true };
    machine.handle(Input::Committed(report), 0);
    assert!(matches!(drain(&mut machine).last(), Some(Action::LoadSalvage { .. })));
    let Input::Loaded(some) = outgoing(1, 0) else { unreachable!() };
    machine.handle(Input::Salvage(Box::new(Salvage { patches: some.patches, ..Salvage::default() })), 0);
    assert!(matches!(drain(&mut machine).as_slice(), [Action::SendSalvage(_)]));
    let taken = Box::new(SalvageResponse { protocol: PROTOCOL, taken: 1, unknown: BTreeSet::new() });
    machine.handle(Input::Salvaged(Ok(taken.clone())), 0);
    assert_eq!(drain(&mut machine), [Action::KeepSalvaged(taken)]);
    machine.handle(Input::SalvageKept, 0);
    assert!(load_bytes(&mut machine).is_some());
    machine.handle(outgoing(0, 0), 0);
    machine.handle(Input::Answered(Ok(response(0))), 0);
    machine.handle(Input::Committed(report), 0);
    machine.handle(Input::Salvage(Box::new(Salvage { more: true, ..Salvage::default() })), 0);
    assert!(
        load_bytes(&mut machine).is_some(),
        "nothing to offer among the first, but not all has been looked through"
    );
}
