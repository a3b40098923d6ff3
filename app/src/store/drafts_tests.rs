//! What people said at a visit is an opinion, and stands nowhere in the visit: there it would stand beside their name.

use super::super::test_world::{NOW_MS, World};
use super::*;
use crate::store::{Reply, Request};
use lianxin_shared::replica::Value;

const SECRET: &str = "合作社的账一年没公布了。";
const ADVICE: &str = "answers.advice";
const HOUSING: &str = "answers.housing";
const HOME: Uuid = Uuid::from_u128(0x1001);

fn world() -> World {
    let mut world = World::new();
    world.save(HOME, kind::HOUSEHOLD, &[("head", "周秀兰")]).unwrap();
    world
}

fn opened(world: &mut World, request: Request) -> OpenDraft {
    match world.store.handle(request, NOW_MS).unwrap() {
        Reply::Draft(open) => *open,
        other => panic!("{other:?}"),
    }
}

fn begun(world: &mut World) -> OpenDraft {
    opened(world, Request::StartVisit { target: VisitTarget::Household(HOME) })
}

/// Completes a draft whose question for people's words has this answer.
fn completed(world: &mut World, open: OpenDraft, answer: &str, change: impl FnOnce(&mut VisitDraft)) -> Uuid {
    let (mut draft, id) = (open.draft.clone(), open.draft.id);
    for item in templates().items_of(&draft.checklists).iter().filter(|item| !item.is_opinion) {
        draft.answers.extend(item.options.first().map(|option| item.pick(&option.code)));
    }
    draft.answers.insert(ADVICE.to_owned(), answer.into());
    change(&mut draft);
    world.store.handle(Request::SaveDraft(Box::new(draft)), NOW_MS).unwrap();
    world.store.handle(Request::CompleteVisit { id }, NOW_MS).unwrap();
    id
}

/// What stands of a visit, and the words of its opinions.
fn stands(world: &mut World, id: Uuid) -> (FieldSet, Vec<String>) {
    match world.store.handle(Request::Visit { id }, NOW_MS).unwrap() {
        Reply::Visit(page) => {
            let texts =
                page.opinions.iter().map(|one| one.fields["text"].as_text().unwrap_or_default().to_owned());
            (page.record.fields, texts.collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_without_a_name_leave_in_their_opinion_and_not_in_the_visit() {
    let mut world = world();
    let open = begun(&mut world);
    let id = completed(&mut world, open, SECRET, |draft| {
        draft.take_over("advice", SECRET, Uuid::from_u128(0x4001));
        draft.opinions[0].anonymous = true;
    });
    let sent = world.exchange(Vec::new(), &[]);
    let telling: Vec<&str> = sent
        .iter()
        .filter(|patch| format!("{:?}", patch.edit.set).contains(SECRET))
        .map(|patch| patch.edit.kind.as_str())
        .collect();
    assert_eq!(telling, [kind::OPINION]);
    assert!(sent.iter().all(|patch| !patch.edit.set.contains_key(ADVICE)), "nor that there was an answer");
    let (visit, said) = stands(&mut world, id);
    assert!(visit.contains_key(HOUSING));
    assert_eq!(said, [SECRET]);
}

#[test]
fn words_that_no_screen_took_over_are_an_opinion_all_the_same() {
    let mut world = world();
    let open = begun(&mut world);
    let id = completed(&mut world, open, SECRET, |_| {});
    let (visit, said) = stands(&mut world, id);
    assert!(!visit.contains_key(ADVICE));
    assert_eq!(said, [SECRET]);
}

#[test]
fn what_was_said_last_time_is_not_said_again_by_one_tap() {
    let mut world = world();
    let former = [("household", HOME.to_string()), (ADVICE, SECRET.to_owned()), (HOUSING, "risk".to_owned())];
    let mut fields: Vec<(&str, Value)> =
        former.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
    fields.extend([("checklists.general", 1.into()), ("occurred_at", (NOW_MS - 1).into())]);
    let row = world.row(Uuid::from_u128(0x3001), kind::VISIT, &fields);
    world.answer(vec![row], &[]);
    let last = begun(&mut world).last_answers;
    assert_eq!(last.get(HOUSING), Some(&"risk".into()));
    assert_eq!(last.get(ADVICE), None, "under a name, perhaps, that was withheld then");
}

#[test]
fn a_correction_leaves_what_a_former_version_wrote_and_makes_more_words_an_opinion() {
    let mut world = world();
    let open = begun(&mut world);
    let id = completed(&mut world, open, "", |_| {});
    // As a former version left it: the answer in the visit too.
    world.save(id, kind::VISIT, &[(ADVICE, SECRET)]).unwrap();
    let open = opened(&mut world, Request::AmendVisit { id });
    completed(&mut world, open, SECRET, |draft| draft.notes = "补一句。".to_owned());
    let (visit, said) = stands(&mut world, id);
    assert_eq!((visit.get(ADVICE), said.len()), (Some(&SECRET.into()), 0), "it was taken over then");
    let open = opened(&mut world, Request::AmendVisit { id });
    completed(&mut world, open, "路也要修。", |_| {});
    let (visit, said) = stands(&mut world, id);
    assert_eq!(visit.get(ADVICE), Some(&Value::Null));
    assert_eq!(said, ["路也要修。"]);
}
