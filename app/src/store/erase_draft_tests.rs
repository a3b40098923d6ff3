use super::NO_NAME;
use crate::store::{
    OpenDraft, Reply, Request,
    draft::{OpinionDraft, Repeated, Sorted, VisitDraft},
    test_world::{NOW_MS, World},
};
use lianxin_shared::{
    domain::{opinion, visit},
    replica::{Base, FieldSet, Value, kind},
    templates::templates,
};
use uuid::Uuid;

const HOME: Uuid = Uuid::from_u128(0x1001);
const WORDS: &str = "上回答应的电褥子还没给";

fn home() -> World {
    let mut world = World::new();
    world.save(HOME, kind::HOUSEHOLD, &[("head", "周秀兰"), ("phone", "13800000001")]).unwrap();
    world.exchange(Vec::new(), &[]);
    world
}

fn said(n: u128, text: &str) -> OpinionDraft {
    OpinionDraft { id: Uuid::from_u128(n), text: text.to_owned(), ..OpinionDraft::default() }
}

/// Everything that is asked is answered: there is a trouble with the house.
fn answered(open: OpenDraft) -> VisitDraft {
    let mut draft = open.draft;
    for item in templates().items_of(&draft.checklists) {
        let code =
            if item.id == "housing" { "risk" } else { item.options.first().map_or("", |one| &one.code) };
        let (field, value) =
            if code.is_empty() { (item.field(), "问过了".into()) } else { item.pick(code) };
        draft.answers.insert(field, value);
    }
    draft
}

/// A visit that the township has; its id.
fn visited(world: &mut World, change: impl FnOnce(&mut VisitDraft)) -> Uuid {
    let mut draft = answered(world.visit(HOME));
    change(&mut draft);
    let id = draft.id;
    world.complete(draft).unwrap();
    world.exchange(Vec::new(), &[]);
    id
}

fn amended(world: &mut World, id: Uuid) -> OpenDraft {
    world.ask(Request::AmendVisit { id }).unwrap().unwrap()
}

fn drafts_of_today(world: &mut World) -> Vec<String> {
    match world.store.handle(Request::Today, NOW_MS).unwrap() {
        Reply::Today(today) => today.drafts.into_iter().map(|row| row.title).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_correction_is_finished_though_what_it_sorts_was_erased_or_is_not_here_any_more() {
    let mut world = home();
    let id = visited(&mut world, |draft| draft.opinions = vec![said(1, "路要修"), said(2, "水管漏")]);
    let mut draft = amended(&mut world, id).draft;
    let appeal = |world: &mut World, opinion: Uuid| {
        let stamps = match world.store.handle(Request::Record { id: opinion }, NOW_MS) {
            Ok(Reply::Record(loaded)) => loaded.stamps,
            _ => Default::default(),
        };
        let set = FieldSet::from([(opinion::field::KIND.to_owned(), "appeal".into())]);
        let base =
            stamps.get(opinion::field::KIND).map(|stamp| (opinion::field::KIND.to_owned(), vec![*stamp]));
        Sorted { set, base: Base::from_iter(base) }
    };
    for opinion in [1, 2, 3].map(Uuid::from_u128) {
        let sorted = appeal(&mut world, opinion);
        draft.sorted.insert(opinion, sorted);
    }
    draft.notes = "又去了一趟".to_owned();
    world.ask(Request::SaveDraft(Box::new(draft.clone()))).unwrap();
    world.exchange(Vec::new(), &[(Uuid::from_u128(1), "")]);

    world.complete(draft).unwrap();
    let sent = world.exchange(Vec::new(), &[]);
    let to: Vec<(Uuid, Vec<&str>)> = sent
        .iter()
        .map(|patch| (patch.edit.id, patch.edit.set.keys().map(String::as_str).collect()))
        .collect();
    assert_eq!(to, [(id, vec!["notes"]), (Uuid::from_u128(2), vec![opinion::field::KIND])]);
}

#[test]
fn a_correction_asks_for_nothing_that_was_erased_and_is_finished() {
    let mut world = home();
    let id = visited(&mut world, |draft| draft.notes = WORDS.to_owned());
    let housing = "answers.housing";
    world.exchange(Vec::new(), &[(id, housing), (id, "target_name"), (id, "notes")]);

    let open = amended(&mut world, id);
    assert!(open.erased.contains(housing), "the screen says so in its place");
    assert!(open.draft.items(&open.erased).iter().all(|item| item.id != "housing" || !item.required));
    // Somebody answers it all the same, on a screen that was open before.
    let mut draft = open.draft;
    draft.answers.insert(housing.to_owned(), "ok".into());
    draft.companions = "老周".to_owned();
    world.complete(draft).unwrap();

    let shown = world.shown(id);
    assert_eq!(shown.get("companions"), Some(&"老周".into()));
    assert_eq!(shown.get(housing), Some(&Value::Null));
    assert_eq!(shown.get("answers.housing_trouble.leak"), Some(&true.into()), "the rest stays as it was");
}

#[test]
fn nothing_but_erased_fields_filled_in_is_a_correction_without_a_change() {
    let mut world = home();
    let id = visited(&mut world, |_| {});
    world.exchange(Vec::new(), &[(id, "answers.road")]);
    let mut draft = amended(&mut world, id).draft;
    draft.answers.insert("answers.road".to_owned(), "ok".into());
    world.complete(draft).unwrap();
    assert_eq!(world.exchange(Vec::new(), &[]), []);
}

#[test]
fn the_visit_to_an_erased_household_loses_its_name_and_nothing_else() {
    let mut world = home();
    let mut draft = answered(world.visit(HOME));
    let id = draft.id;
    draft.notes = "门前的路塌了".to_owned();
    draft.opinions = vec![said(1, "路要修")];
    world.ask(Request::SaveDraft(Box::new(draft.clone()))).unwrap();
    assert_eq!(drafts_of_today(&mut world), ["周秀兰"]);

    world.exchange(Vec::new(), &[(HOME, "")]);
    assert_eq!(drafts_of_today(&mut world), [NO_NAME]);
    assert_eq!(world.told_in("周秀兰"), [""; 0]);
    let open = world.ask(Request::Draft { id }).unwrap().unwrap();
    assert!(open.household_erased, "the screen says so");
    // The screen that was open meanwhile still has the name.
    world.complete(draft).unwrap();
    assert_eq!(world.told_in("周秀兰"), [""; 0]);
    let shown = world.shown(id);
    assert_eq!(shown.get(visit::field::TARGET_NAME), Some(&NO_NAME.into()));
    assert_eq!(shown.get(visit::field::NOTES), Some(&"门前的路塌了".into()));
    assert_eq!(world.shown(Uuid::from_u128(1)).get("text"), Some(&"路要修".into()));
}

#[test]
fn a_household_whose_heads_name_was_erased_is_still_visited() {
    let mut world = home();
    let begun = answered(world.visit(HOME));
    world.exchange(Vec::new(), &[(HOME, "head")]);
    assert_eq!(drafts_of_today(&mut world), [NO_NAME]);
    world.complete(begun).unwrap();
    let again = answered(world.visit(HOME));
    assert_eq!(again.target_name, NO_NAME);
    world.complete(again).unwrap();
    assert_eq!(world.told_in("周秀兰"), [""; 0]);
}

#[test]
fn an_answer_that_came_by_the_same_as_last_time_goes_with_the_one_that_it_came_from() {
    let mut world = home();
    let (disliked, road) = ("answers.cadre_style_words", "answers.road");
    let advice = "answers.advice";
    let last = visited(&mut world, |draft| {
        let words = [("answers.cadre_style", "yes"), (disliked, WORDS), (advice, "路要修")]
            .map(|(field, said)| (field.to_owned(), said.into()));
        draft.answers.extend(words);
    });
    let open = world.visit(HOME);
    assert!(!open.last_answers.contains_key(advice), "what was said then was not said today");
    let mut draft = open.draft.clone();
    for field in [disliked, road] {
        let (visit, value) = (open.answers_of[field], open.last_answers[field].clone());
        assert_eq!(visit, last);
        draft.answers.insert(field.to_owned(), value.clone());
        draft.repeated.insert(field.to_owned(), Repeated { visit, value });
    }
    world.ask(Request::SaveDraft(Box::new(draft.clone()))).unwrap();

    world.exchange(Vec::new(), &[(last, disliked)]);
    assert_eq!(world.told_in(WORDS), [""; 0]);
    world.ask(Request::SaveDraft(Box::new(draft.clone()))).unwrap();
    assert_eq!(world.told_in(WORDS), [""; 0], "nor does an open screen bring it back");
    let kept = world.visit(HOME).draft;
    assert!(kept.answers.contains_key(road));

    // What the cadre has written in its place since is no answer of last time.
    draft.answers.insert(disliked.to_owned(), "灯不亮".into());
    world.ask(Request::SaveDraft(Box::new(draft))).unwrap();
    assert_eq!(world.visit(HOME).draft.answers.get(disliked), Some(&"灯不亮".into()));
}
