//! 连心册 of one household: who lives there, and everything that was done and said.

use super::{PATH, merge::merged_note, moving::move_card};
use crate::{
    auth::Session,
    console::{
        ConsoleState, Content, Page, PageError, Room, Today, erase, history,
        parts::{name_or, said, tags},
        request::SignedIn,
        scope,
    },
    export::{LedgerRow, categories_of, members, named_opinions, read_ledger_row, words},
};
use axum::extract::{Path, State};
use chrono::Datelike;
use lianxin_shared::{
    domain::{
        Coded, category,
        household::{Household, HouseholdState},
        opinion::Opinion,
        person::{Person, Sex},
    },
    sqlite::read_row,
};
use maud::{Markup, html};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// Entries of the timeline that are shown.
#[allow(non_upper_case_globals)]
const timeline_max: i64 = 100;

/// `GET /console/households/{id}`
pub(in crate::console) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
) -> Result<Page, PageError> {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let owner = session.clone();
    state.page(session, Room::Households, move |db, today| content(db, today, id, &owner)).await
}

fn content(db: &Connection, today: Today, id: Uuid, session: &Session) -> Result<Content, PageError> {
    erase::still_there(db, id)?;
    let projected = "SELECT village FROM household WHERE id = ?1";
    let village: String =
        db.query_row(projected, [id.as_bytes()], |row| row.get(0)).optional()?.ok_or(PageError::NotFound)?;
    let row = read_row(db, id)?.ok_or(PageError::NotFound)?;
    let household = Household::from_fields(&row.values());
    let villages = scope::villages(db)?;
    let place =
        format!("{} {} {}", scope::village_name(&villages, &village), household.group, household.door);
    let body = html! {
        (merged_note(db, &row, session)?)
        div.two.wide-left {
            div { (members_card(&members(db, id)?, today.now_ms)) (timeline_card(&timeline(db, id)?, today.now_ms)) }
            div {
                (facts_card(&household, &categories_of(db, id)?))
                (move_card(id, &village, &villages, session))
            }
        }
    };
    Ok(Content {
        title: name_or(&household.head).to_owned(),
        subtitle: place,
        aside: Some(html! {
            (erase::link(id))
            a.button href=(history::href(id)) { "修改记录" }
            @if household.merged_into.is_none() { a.button href={ (PATH) "/" (id) "/merge" } { "并户" } }
            a.button href=(PATH) { "回户册" }
        }),
        body,
    })
}

pub(super) fn facts_card(household: &Household, categories: &[String]) -> Markup {
    let fact = |label: &str, value: &str| html! { @if !value.is_empty() { dt { (label) } dd { (value) } } };
    html! {
        section.card {
            h2 { "这一户" }
            dl.facts {
                dt { "类别" } dd { @if categories.is_empty() { "一般户" } @else { (tags(categories)) } }
                (fact("户类型", household.class.label()))
                @if household.state != HouseholdState::Home { (fact("状态", household.state.label())) }
                @if let Some(into) = household.merged_into {
                    dt { "并户" } dd { a href={ (PATH) "/" (into) } { "看并入的那一户" } }
                }
                (fact("电话", &household.phone))
                (fact("人口", &household.population.map(|n| format!("{n} 人")).unwrap_or_default()))
                (fact("户编号", &household.household_no))
                (fact("户主身份证", &words::masked(&household.id_number)))
                (fact("住址", &household.address))
                (fact("备注", &household.note))
            }
        }
    }
}

fn members_card(members: &[(Uuid, Person)], now_ms: i64) -> Markup {
    html! {
        section.card {
            h2 { "家里的人" @if !members.is_empty() { span { (members.len()) " 人" } } }
            @if members.is_empty() { p.faint { "还没有登记成员；干部在手机上打开这一户就能添。" } } @else {
                div.scroll { table.rows {
                    thead { tr { th { "姓名" } th { "与户主关系" } th { "性别" } th { "年龄" } th { "类别" } th { "电话" } th { "身份证" } th {} } }
                    tbody { @for (id, person) in members { tr {
                        td.nowrap { (person.name) @if !person.note.is_empty() { small.under { (person.note) } } }
                        td { (person.relation) }
                        td { @if person.sex != Sex::Unknown { (person.sex.label()) } }
                        td { (age(&person.birth, now_ms).map(|age| age.to_string()).unwrap_or_default()) }
                        td { (tags(&tagged(person))) }
                        td.nowrap { (person.phone) }
                        td.nowrap { small { (words::masked(&person.id_number)) } }
                        td.act { a href=(history::href(*id)) { "修改记录" } " " (erase::link(*id)) }
                    } } }
                } }
            }
        }
    }
}

fn tagged(person: &Person) -> Vec<String> {
    category::tagged(&person.to_fields()).collect()
}

/// Full years lived today; none for a day that cannot be read.
fn age(birth: &str, now_ms: i64) -> Option<u32> {
    let birth = chrono::NaiveDate::parse_from_str(birth, "%Y-%m-%d").ok()?;
    let today = words::beijing(now_ms).date();
    let before_birthday = (today.month(), today.day()) < (birth.month(), birth.day());
    u32::try_from(today.year() - birth.year() - i32::from(before_birthday)).ok()
}

type Entry = (LedgerRow, Vec<(Uuid, Opinion)>);

fn timeline(db: &Connection, household: Uuid) -> Result<Vec<Entry>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM visit WHERE household IN
             (SELECT ?1 UNION ALL SELECT old FROM household_alias WHERE shown = ?1)
           ORDER BY occurred_at DESC, id LIMIT ?2",
    )?;
    let ids =
        statement.query_map(params![household.as_bytes(), timeline_max], |row| row.get::<_, [u8; 16]>(0))?;
    let mut entries = Vec::new();
    for id in ids {
        let id = Uuid::from_bytes(id?);
        if let Some(row) = read_ledger_row(db, id)? {
            entries.push((row, named_opinions(db, id)?));
        }
    }
    Ok(entries)
}

fn timeline_card(entries: &[Entry], now_ms: i64) -> Markup {
    html! {
        section.card {
            h2 { "走访与说过的话" span { "不记名的意见不在这里显示" } }
            @if entries.is_empty() { p.faint { "还没有走访过这一户。" } }
            ol.timeline { @for (row, opinions) in entries {
                li.void[!row.visit.void_reason.is_empty()] {
                    div.when {
                        a href={ "/console/visits/" (row.id) } {
                            (row.visit.occurred_at.map(|at| words::day(at, now_ms)).unwrap_or_default())
                        }
                        " " (row.visit.visitor_name) " " (row.visit.mode.label())
                        @if row.visit.absent { " " span.st.wait { "无人在家" } }
                        @if !row.visit.void_reason.is_empty() { " " span.st.wait { "已作废" } }
                    }
                    @if !row.visit.notes.trim().is_empty() { p.verbatim { (row.visit.notes) } }
                    @for (_, opinion) in opinions {
                        (said(opinion))
                    }
                }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthday_today_counts() {
        let now = words::day_start_ms("2025-11-22").unwrap();
        assert_eq!(age("1951-11-22", now), Some(74));
        assert_eq!(age("1951-11-23", now), Some(73));
        assert_eq!(age("2026-01-01", now), None);
        assert_eq!(age("不详", now), None);
    }
}
