//! What a cadre relies on when answering a checklist.

use super::*;
use crate::templates::templates;

fn answers(pairs: &[(&str, Value)]) -> FieldSet {
    pairs.iter().map(|(name, value)| (format!("{ANSWER_PREFIX}{name}"), value.clone())).collect()
}

fn ids(items: &[&Item]) -> Vec<String> {
    items.iter().map(|item| item.id.clone()).collect()
}

#[test]
fn a_follow_up_is_asked_only_after_its_answer() {
    let items = templates().union_of(["gugua_laoren"]);
    let calm = answers(&[("housing", "ok".into())]);
    let leaking = answers(&[("housing", "risk".into())]);
    assert!(!ids(&visible(&items, &calm)).contains(&"housing_trouble".to_owned()));
    assert!(ids(&visible(&items, &leaking)).contains(&"housing_trouble".to_owned()));
}

#[test]
fn a_follow_up_of_a_hidden_item_is_hidden_too() {
    let item = |id: &str, show_if: Option<(&str, &str)>| Item {
        show_if: show_if.map(|(item, equals)| ShowIf { item: item.to_owned(), equals: equals.to_owned() }),
        id: id.to_owned(),
        ..templates().item("housing").unwrap().clone()
    };
    let items = [item("a", None), item("b", Some(("a", "risk"))), item("c", Some(("b", "risk")))];
    let given = answers(&[("a", "ok".into()), ("b", "risk".into()), ("c", "ok".into())]);
    assert_eq!(ids(&visible(&items, &given)), ["a"]);
    assert_eq!(settled(&items, &given), answers(&[("a", "ok".into())]));
}

#[test]
fn settling_drops_hidden_answers_and_keeps_unknown_ones() {
    let items = templates().union_of(["gugua_laoren"]);
    let given = answers(&[
        ("housing", "ok".into()),
        ("housing_trouble.leak", true.into()),
        ("who_visits.cadre", true.into()),
        ("of_a_newer_version", 3.into()),
    ]);
    let kept = answers(&[
        ("housing", "ok".into()),
        ("who_visits.cadre", true.into()),
        ("of_a_newer_version", 3.into()),
    ]);
    assert_eq!(settled(&items, &given), kept);
}

#[test]
fn what_people_said_is_kept_as_an_opinion_and_not_among_the_answers() {
    let items = templates().union_of(["lao_dangyuan"]);
    let given = answers(&[("advice", "路要修".into()), ("housing", "ok".into())]);
    assert_eq!(settled(&items, &given), answers(&[("housing", "ok".into())]));
}

#[test]
fn an_answer_belongs_to_its_item_and_not_to_a_longer_name() {
    let water = templates().item("water").unwrap();
    assert!(water.has_field("answers.water") && water.has_field("answers.water.off"));
    assert!(!water.has_field("answers.water_danger") && !water.has_field("water"));
}

#[test]
fn what_is_missing_or_wrong_is_said_beside_its_question() {
    let items = templates().union_of(["gugua_laoren"]);
    let given = answers(&[
        ("housing", "risk".into()),
        ("heating_power", "no_such_option".into()),
        ("emergency_contact", "侄子周大强 14000000017".into()),
    ]);
    let problems = validate(&items, &given);
    let said: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.message.as_str())).collect();
    assert_eq!(
        said,
        [
            ("answers.heating_power", "“取暖、用电安全吗？”的答案不在选项里，请重选。"),
            ("answers.housing_trouble", "“房子哪里有毛病？”还没答。"),
        ]
    );
}

#[test]
fn numbers_are_read_as_people_type_them() {
    let area = templates().item("farm_area").unwrap();
    for (typed, value) in [
        ("12.50", Value::from("12.5")),
        ("１２．５", Value::from("12.5")),
        (" 1，200 ", Value::Int(1200)),
        ("012", Value::Int(12)),
        (".5", Value::from("0.5")),
        ("", Value::Null),
    ] {
        assert_eq!(area.read_number(typed), Ok(value), "{typed}");
    }
    for typed in ["十二亩", "12.55", "-1", "-0.5", "20000.5", "99999999999999999999", "-", "."] {
        assert!(area.read_number(typed).is_err(), "{typed}");
    }
    let labour = templates().item("labour").unwrap();
    assert_eq!(labour.read_number("1.5"), Err("“家里能下地、能打工的有几个？”要填整数。".to_owned()));
}

#[test]
fn a_number_kept_in_another_spelling_is_questioned() {
    let items = [templates().item("farm_area").unwrap().clone()];
    assert_eq!(validate(&items, &answers(&[("farm_area", "12.50".into())])).len(), 1);
    assert_eq!(validate(&items, &answers(&[("farm_area", "12.5".into())])), []);
}

#[test]
fn answers_read_as_people_say_them() {
    let text = |id: &str, given: &[(&str, Value)]| templates().item(id).unwrap().answer_text(&answers(given));
    assert_eq!(text("medicine", &[("medicine", "short".into())]).as_deref(), Some("不够"));
    assert_eq!(text("chronic", &[("chronic", true.into())]).as_deref(), Some("有"));
    assert_eq!(text("farm_area", &[("farm_area", "12.5".into())]).as_deref(), Some("12.5 亩"));
    let two = [("housing_trouble.leak", true.into()), ("housing_trouble.crack", true.into())];
    assert_eq!(text("housing_trouble", &two).as_deref(), Some("漏雨、墙裂"));
    assert_eq!(text("medicine", &[("medicine", "newer".into())]).as_deref(), Some("newer"));
    assert_eq!(text("medicine", &[]), None);
}

#[test]
fn a_date_that_does_not_exist_is_questioned() {
    let items = [templates().item("petition_since").unwrap().clone()];
    assert_eq!(validate(&items, &answers(&[("petition_since", "2024-02-30".into())])).len(), 1);
    assert_eq!(validate(&items, &answers(&[("petition_since", "2024-02-29".into())])), []);
}

#[test]
fn a_number_out_of_range_is_told_as_such_even_as_it_was_typed() {
    let year = templates().item("party_year").unwrap();
    let judged = |value: Value| {
        let problems = validate(std::slice::from_ref(year), &answers(&[("party_year", value)]));
        problems.into_iter().next().map(|problem| problem.message)
    };
    let bounds = Some("“哪一年入的党？”应在 1921 到 2100 之间，请核对。".to_owned());
    assert_eq!(judged("19766".into()), bounds, "kept as typed, since it is out of range");
    assert_eq!(judged(19766.into()), bounds);
    assert_eq!(judged("七六年".into()), Some("“哪一年入的党？”要填数字。".to_owned()));
    assert_eq!(
        judged("1976".into()),
        Some("“哪一年入的党？”要填数字。".to_owned()),
        "not as numbers are kept"
    );
    assert_eq!(judged(1976.into()), None);
}
