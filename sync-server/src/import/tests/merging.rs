//! Into a register that is not empty: who is who, and what is never guessed.

use super::*;
use std::collections::BTreeSet;

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

fn household(at: u128, head: &str, number: &str, members: &[(&str, &str)]) -> ExistingHousehold {
    let mut own = fields(&[("head", head), ("group", "一组"), ("phone", "138-1234-5678")]);
    if !number.is_empty() {
        own.insert("id_number".to_owned(), Value::from(number));
    }
    let person = |(position, (name, number)): (usize, &(&str, &str))| ExistingPerson {
        id: Uuid::from_u128(at * 100 + position as u128),
        fields: fields(&[("name", name), ("id_number", number)]),
        ..Default::default()
    };
    ExistingHousehold {
        id: Uuid::from_u128(at),
        village: LIZHUANG.to_owned(),
        fields: own,
        members: members.iter().enumerate().map(person).collect(),
        ..Default::default()
    }
}

const HEADER: &[&str] = &["户主", "组别", "身份证号", "电话", "人口"];

fn only(plan: &Plan) -> &Action {
    assert_eq!(plan.households.len(), 1, "{}", plan.report.to_text());
    &plan.households[0].action
}

#[test]
fn a_number_finds_the_household_and_only_differences_are_written() {
    let zhang = id("19630214", 1);
    let known = [household(1, "张三", &zhang, &[("张三", &zhang)])];
    let rows: &[&[&str]] = &[HEADER, &["张叁", "第一村民小组", &zhang, "13812345678", "4"]];
    let plan = import_rows_into(&known, rows);
    let Action::Update { id, changed, new_members, changed_members } = only(&plan) else {
        panic!("{plan:?}")
    };
    assert_eq!(*id, Uuid::from_u128(1));
    let mut expected = fields(&[("head", "张叁")]);
    expected.insert("population".to_owned(), Value::Int(4));
    assert_eq!(*changed, expected, "the same telephone and group in other words are no change");
    assert!(new_members.is_empty());
    assert_eq!(changed_members[0].0, Uuid::from_u128(100));
    let notes = row(&plan, 2).notes.join("；");
    assert!(notes.contains("户主 张三→张叁") && notes.contains("人口 （空）→4"), "{notes}");
}

#[test]
fn blank_cells_empty_nothing_and_notes_are_added_to() {
    let mut known = household(1, "张三", "", &[]);
    known.fields.insert("note".to_owned(), Value::from("耳背"));
    let table: &[&[&str]] = &[&["户主", "组别", "电话", "备注"], &["张三", "一组", "", "独居"]];
    let known = [known];
    let plan = import_rows_into(&known, table);
    let Action::Update { changed, .. } = only(&plan) else { panic!("{plan:?}") };
    assert_eq!(*changed, fields(&[("note", "耳背；独居")]));
    let again = import_rows_into(&written(known.to_vec(), &plan), table);
    assert!(matches!(only(&again), Action::Same { .. }));
}

#[test]
fn what_somebody_wrote_since_is_left_and_both_are_named() {
    let mut zhang = household(1, "张三", "", &[("王芳", "")]);
    let edit = Edit { by: "韩冬梅".to_owned(), at_ms: 1_764_729_000_000 };
    zhang.fields.insert("tags.kunnan_hu".to_owned(), Value::Bool(false));
    zhang.fields.insert("note".to_owned(), Value::from("耳背"));
    for field in ["phone", "tags.kunnan_hu", "note"] {
        zhang.edited.insert(field.to_owned(), edit.clone());
    }
    zhang.members[0].fields.insert("relation".to_owned(), Value::from("女"));
    zhang.members[0].edited.insert("relation".to_owned(), edit);
    let known = [zhang];
    let bytes = book(&[(
        "一组",
        &[
            &["户主", "姓名", "与户主关系", "电话", "户类型", "备注", "住址"],
            &["张三", "张三", "户主", "13900000009", "低保", "独居", "东头"],
            &["张三", "王芳", "妻", "", "", "", ""],
        ],
    )]);
    let compared = |prefer: Prefer| {
        let parsed = parse(&read_table(&bytes).unwrap(), villages(), &ColumnMap::default()).unwrap();
        plan("户册.xlsx", &known, parsed, prefer)
    };
    let plan = compared(Prefer::Edits);
    let Action::Update { changed, changed_members, .. } = only(&plan) else { panic!("{plan:?}") };
    assert_eq!(*changed, fields(&[("address", "东头"), ("note", "耳背；独居")]), "the rest is taken in");
    assert!(changed_members.is_empty(), "{changed_members:?}");
    let notes = row(&plan, 2).notes.join("；");
    let left =
        "电话：表里是 13900000009，户册里是 138-1234-5678（2025-12-03 韩冬梅 写的），保留 138-1234-5678";
    assert!(notes.contains(left) && notes.contains("困难户：表里是 是，户册里是 否（"), "{notes}");
    assert!(row(&plan, 3).notes.join("；").contains("与户主关系：表里是 妻，户册里是 女（"));
    assert!(plan.report.to_text().contains("有 3 处表里的和后来"), "{}", plan.report.to_text());

    let plan = compared(Prefer::File);
    let Action::Update { changed, changed_members, .. } = only(&plan) else { panic!("{plan:?}") };
    assert_eq!((text(changed, "phone"), changed_members.len()), ("13900000009", 1));
    assert!(changed.get("tags.kunnan_hu").unwrap().is_true());
    assert!(
        row(&plan, 2).notes.join("；").contains("138-1234-5678→13900000009（原来是2025-12-03 韩冬梅 写的）")
    );
    assert!(!plan.report.to_text().contains("--prefer-file"));
}

#[test]
fn by_name_only_if_at_most_one_side_has_a_number() {
    let (one, other) = (id("19630214", 1), id("19630214", 3));
    let row_of = |number: &str| {
        import_rows_into(&[household(1, "张三", "", &[])], &[HEADER, &["张三", "1组", number, "", ""]])
    };
    let plan = row_of(&one);
    let Action::Update { changed, new_members, .. } = only(&plan) else { panic!("{plan:?}") };
    assert_eq!((text(changed, "id_number"), new_members.len()), (one.as_str(), 1));
    assert!(matches!(only(&row_of("")), Action::Same { .. }));

    let numbered = [household(1, "张三", &one, &[])];
    let plan = import_rows_into(&numbered, &[HEADER, &["张三", "一组", "", "", ""]]);
    assert!(matches!(only(&plan), Action::Same { .. }));
    let plan = import_rows_into(&numbered, &[HEADER, &["张三", "一组", &other, "", ""]]);
    assert!(matches!(only(&plan), Action::Create { .. }), "two valid numbers are never one person");
    let plan = import_rows_into(&numbered, &[HEADER, &["张三", "二组", "", "", ""]]);
    assert!(matches!(only(&plan), Action::Create { .. }), "another group, another household");
}

#[test]
fn what_could_be_two_is_refused() {
    let known = [household(1, "张三", "", &[]), household(2, "张三", "", &[])];
    let plan = import_rows_into(&known, &[HEADER, &["张三", "一组", "", "", ""]]);
    assert_refused(&plan, 2, "有几户户主都叫“张三”");
    assert!(matches!(only(&plan), Action::Refused { .. }));

    let plan = import_rows_into(&known[..1], &[HEADER, &["张三", "", "", "", ""]]);
    assert_refused(&plan, 2, "没写组");

    let (one, other) = (id("19630214", 1), id("19630214", 3));
    let table: &[&[&str]] = &[HEADER, &["张三", "一组", &one, "", ""], &["张三", "一组", &other, "", ""]];
    let plan = import_rows_into(&known[..1], table);
    assert_refused(&plan, 2, "都对应户册里的同一户");
    assert_refused(&plan, 3, "都对应户册里的同一户");
}

#[test]
fn a_member_finds_the_household_too_but_a_new_head_is_for_people_to_decide() {
    let (zhang, wife, son) = (id("19630214", 1), id("19650301", 2), id("19900301", 5));
    let known = [household(1, "张三", "", &[("张三", ""), ("王芳", &wife)])];
    let table: &[&[&str]] = &[
        &["姓名", "组别", "身份证号", "与户主关系"],
        &["张三", "五组", &zhang, "户主"],
        &["王芳", "五组", &wife, "妻"],
        &["张小明", "五组", &son, "子"],
    ];
    let plan = import_rows_into(&known, table);
    let Action::Update { changed, new_members, changed_members, .. } = only(&plan) else {
        panic!("{plan:?}")
    };
    assert_eq!((text(changed, "group"), text(changed, "id_number")), ("五组", zhang.as_str()));
    assert_eq!(text(&new_members[0], "name"), "张小明");
    assert_eq!(changed_members.len(), 2);
    assert_eq!((row(&plan, 3).outcome, row(&plan, 4).outcome), (Outcome::Updated, Outcome::New));

    let plan = import_rows_into(&known, &[HEADER, &["王芳", "一组", &wife, "", ""]]);
    assert_refused(&plan, 2, "像是分户或换了户主");
}

#[test]
fn a_person_lives_in_one_household_and_one_village() {
    let (zhang, li) = (id("19630214", 1), id("19650301", 3));
    let mut elsewhere = household(2, "李四", &li, &[]);
    elsewhere.village = WANGZHUANG.to_owned();
    let known = [household(1, "张三", &zhang, &[]), elsewhere];
    let table: &[&[&str]] = &[
        &["姓名", "组别", "身份证号", "与户主关系"],
        &["张三", "一组", &zhang, "户主"],
        &["李四", "一组", &li, "父"],
    ];
    let plan = import_rows_into(&known, table);
    assert_refused(&plan, 3, "在户册里属于户主“李四”的那一户");
    let plan = import_rows_into(&known, &[HEADER, &["李四", "一组", &li, "", ""]]);
    assert_refused(&plan, 2, "属于王庄村");
}

#[test]
fn one_file_may_say_a_thing_twice_but_not_two_things() {
    let (zhang, li) = (id("19630214", 1), id("19650301", 3));
    let bytes = book(&[
        ("低保", &[HEADER, &["张三", "一组", &zhang, "13812345678", ""], &["王五", "一组", "", "", "2"]]),
        (
            "残疾",
            &[
                HEADER,
                &["张三", "1组", &zhang, "", "4"],
                &["王五", "一组", "", "", "2"],
                &["赵六", "一组", &li, "", ""],
            ],
        ),
    ]);
    let plan = assert_again_same(&bytes);
    assert_eq!(plan.households.len(), 3);
    assert_eq!(created(&plan, 0).0.get("population"), Some(&Value::Int(4)));
    assert_eq!(plan.report.count(Outcome::Duplicate), 2);
    assert!(plan.report.to_text().contains("与第 1 张工作表第 2 行是同一户"));

    let plan = import_rows(&[
        HEADER,
        &["张三", "一组", &zhang, "", "3"],
        &["张三", "一组", &zhang, "", "4"],
        &["李四", "一组", "", "13812345678", ""],
        &["李四", "一组", "", "13912345678", ""],
        &["王芳", "一组", &li, "", ""],
        &["王方", "一组", &li, "", ""],
    ]);
    assert_refused(&plan, 3, "人口一处是 3、一处是 4");
    assert_refused(&plan, 5, "电话一处是 13812345678、一处是 13912345678");
    assert_refused(&plan, 7, "户主一处是 王芳、一处是 王方");
    assert_eq!(plan.households.len(), 3);
}

#[test]
fn namesakes_in_a_file_stay_apart_and_the_unclear_one_is_refused() {
    let (one, other) = (id("19630214", 1), id("19800214", 3));
    let plan = import_rows(&[
        HEADER,
        &["张伟", "一组", "", "", ""],
        &["张伟", "一组", &one, "", ""],
        &["张伟", "一组", &other, "", ""],
    ]);
    assert_refused(&plan, 2, "有几个户主叫“张伟”");
    assert_eq!((row(&plan, 3).outcome, row(&plan, 4).outcome), (Outcome::New, Outcome::New));

    let table: &[&[&str]] = &[&["户主", "组别", "户编号"], &["张伟", "一组", "11"], &["张伟", "一组", "12"]];
    let plan = assert_again_same(&book(&[("Sheet1", table)]));
    assert_eq!(plan.households.len(), 2, "different household numbers tell them apart");
}

#[test]
fn an_old_number_in_the_register_is_the_same_person() {
    let known = [household(1, "张三", "110105491231002", &[])];
    let plan = import_rows_into(&known, &[HEADER, &["张三", "二组", "11010519491231002X", "", ""]]);
    let Action::Update { changed, .. } = only(&plan) else { panic!("{plan:?}") };
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["group"]);
}

#[test]
fn accepted_in_part_the_rest_comes_with_the_mended_file() {
    let (zhang, wife) = (id("19630214", 1), id("19650301", 2));
    let table = |wifes: &str| {
        book(&[(
            "一组",
            &[&["姓名", "身份证号", "与户主关系"], &["张三", &zhang, "户主"], &["王芳", wifes, "妻"]],
        )])
    };
    let first = import("户册.xlsx", &table("341302196503010021"), &[]);
    assert_refused(&first, 3, "校验码");
    let register = written(Vec::new(), &first);
    let mended = import("户册.xlsx", &table(&wife), &register);
    assert!(!mended.report.has_refused());
    let Action::Update { changed, new_members, .. } = only(&mended) else { panic!("{mended:?}") };
    assert!(changed.is_empty());
    assert_eq!(text(&new_members[0], "id_number"), wife);
}

#[test]
fn the_report_can_be_kept_as_data() {
    let plan = import_rows(&[HEADER, &["张三", "一组", "", "", ""], &["合计"]]);
    let json = serde_json::to_value(&plan.report).unwrap();
    assert_eq!(json["rows"][0]["outcome"], "new");
    assert_eq!((&json["rows"][0]["row"], &json["rows"][0]["who"]), (&2.into(), &"张三".into()));
    assert_eq!(json["totals"]["rows"]["skipped"], 1);
}

/// 100,000 rows twice, many of one name and one household number: what would take hours if a look-up were a
/// scan, takes seconds.
#[test]
fn a_hundred_thousand_rows_are_planned_and_planned_again() {
    let mut text = "户编号,村,组,姓名,身份证号,与户主关系\n".to_owned();
    for at in 0..ROWS_MAX as u32 / 4 - 1 {
        let (day, order) = (at / 900, at % 900);
        let birth = format!("19{:02}{:02}{:02}", 30 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
        text += &format!("{at},李庄村,{}组,张伟,{},户主\n", at % 9 + 1, id(&birth, order));
        text += &format!("{at},李庄村,{}组,王芳,,妻\n", at % 9 + 1);
        text += &format!("{at},李庄村,{}组,张小明,,子\n", at % 9 + 1);
        text += &format!("big,李庄村,1组,成员{at},,{}\n", if at == 0 { "户主" } else { "其他" });
    }
    let sheets = read_table(text.as_bytes()).unwrap();
    let parsed = parse(&sheets, villages(), &ColumnMap::default()).unwrap();
    let first = plan("大.csv", &[], parsed.clone(), Prefer::Edits);
    assert!(!first.report.has_refused());
    assert_eq!(first.report.totals.households_new, ROWS_MAX / 4);
    let register = written(Vec::new(), &first);
    let again = plan("大.csv", &register, parsed, Prefer::Edits);
    assert_eq!(again.report.totals.households_same, ROWS_MAX / 4);
    let ids: BTreeSet<Uuid> = register.iter().map(|household| household.id).collect();
    assert_eq!(ids.len(), ROWS_MAX / 4);
}
