//! The import as a township meets it: real files in, a plan and a report out.

mod households;
mod merging;
mod people;
mod reading;

use super::*;
use lianxin_shared::domain::id_number::{self, IdNumberError};
use lianxin_shared::replica::Value;
use rust_xlsxwriter::Workbook;
use uuid::Uuid;

const LIZHUANG: &str = "341302101201";
const WANGZHUANG: &str = "341302101202";

/// A workbook of text cells.
fn book(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (at, row) in rows.iter().enumerate() {
            for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                sheet.write(at as u32, column as u16, *text).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// A valid number of someone born on this day; an odd order is a man's.
fn id(birth: &str, order: u32) -> String {
    let seventeen = format!("341302{birth}{order:03}");
    match id_number::parse(&format!("{seventeen}0")) {
        Err(IdNumberError::Checksum { expected }) => format!("{seventeen}{expected}"),
        other => other.unwrap().number.to_string(),
    }
}

fn villages() -> Villages {
    let village = |code: &str, name: &str| Village { code: code.into(), name: name.into() };
    Villages::new(&[village(LIZHUANG, "李庄村"), village(WANGZHUANG, "王庄村")], Some("李庄村")).unwrap()
}

fn import(file: &str, bytes: &[u8], existing: &[ExistingHousehold]) -> Plan {
    import_mapped(file, bytes, existing, &ColumnMap::default())
}

fn import_mapped(file: &str, bytes: &[u8], existing: &[ExistingHousehold], map: &ColumnMap) -> Plan {
    let sheets = read_table(bytes).unwrap();
    plan(file, existing, parse(&sheets, villages(), map).unwrap(), Prefer::Edits)
}

fn import_rows(rows: &[&[&str]]) -> Plan {
    import("一组.xlsx", &book(&[("Sheet1", rows)]), &[])
}

fn import_rows_into(existing: &[ExistingHousehold], rows: &[&[&str]]) -> Plan {
    import("一组.xlsx", &book(&[("Sheet1", rows)]), existing)
}

/// The register after a plan was written.
fn written(mut existing: Vec<ExistingHousehold>, plan: &Plan) -> Vec<ExistingHousehold> {
    let mut next = existing.iter().map(|household| household.members.len() as u128 + 1).sum::<u128>() + 1000;
    let mut fresh = || {
        next += 1;
        Uuid::from_u128(next)
    };
    for planned in &plan.households {
        let person =
            |id: Uuid, fields: &Fields| ExistingPerson { id, fields: fields.clone(), ..Default::default() };
        match &planned.action {
            Action::Create { household, members } => existing.push(ExistingHousehold {
                id: fresh(),
                village: planned.village.clone(),
                fields: household.clone(),
                members: members.iter().map(|fields| person(fresh(), fields)).collect(),
                ..Default::default()
            }),
            Action::Update { id, changed, new_members, changed_members } => {
                let household = existing.iter_mut().find(|household| household.id == *id).unwrap();
                household.fields.extend(changed.clone());
                for (id, changed) in changed_members {
                    let member = household.members.iter_mut().find(|member| member.id == *id).unwrap();
                    member.fields.extend(changed.clone());
                }
                household.members.extend(new_members.iter().map(|fields| person(fresh(), fields)));
            }
            Action::Same { .. } | Action::Refused { .. } => {}
        }
    }
    existing
}

/// Importing the same file again changes nothing.
fn assert_again_same(bytes: &[u8]) -> Plan {
    let first = import("户册.xlsx", bytes, &[]);
    assert!(!first.report.has_refused(), "{}", first.report.to_text());
    let again = import("户册.xlsx", bytes, &written(Vec::new(), &first));
    for household in &again.households {
        assert!(matches!(household.action, Action::Same { .. }), "{household:?}\n{}", again.report.to_text());
    }
    assert_eq!(again.households.len(), first.households.len());
    first
}

/// Household fields and people of a planned creation.
fn created(plan: &Plan, at: usize) -> (&Fields, &[Fields]) {
    match &plan.households[at].action {
        Action::Create { household, members } => (household, members),
        other => panic!("not created: {other:?}\n{}", plan.report.to_text()),
    }
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_text).unwrap_or_default()
}

fn row(plan: &Plan, number: u32) -> &RowReport {
    plan.report
        .rows
        .iter()
        .find(|row| row.at.row == number)
        .unwrap_or_else(|| panic!("{}", plan.report.to_text()))
}

fn assert_refused(plan: &Plan, number: u32, why: &str) {
    let row = row(plan, number);
    assert_eq!(row.outcome, Outcome::Refused, "{}", plan.report.to_text());
    assert!(row.notes.join("；").contains(why), "{why} not in {:?}", row.notes);
    assert!(plan.report.has_refused());
}
