//! 并户: two entries of the register that are one household. They are seen side by side, one is merged into the other,
//! and it can be undone: both ids stay valid for ever, visits of either show and count under the one that stays.

use super::{PATH, filter::HouseholdFilter, household::facts_card};
use crate::{
    auth::Session,
    console::{
        ConsoleState, Content, Page, PageError, Room, Today,
        layout::token,
        parts::{address, empty, name_or, search_box},
        request::{Posted, SignedIn},
        scope,
    },
    export::{categories_of, members, words},
    service::{LocalWriter, Origin},
};
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::{
    domain::household::{Household, field},
    replica::{FieldSet, Row, Value, kind},
    sqlite::{read_row, uuid_at},
};
use maud::{Markup, html};
use rusqlite::{Connection, named_params};
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Households that are offered to be chosen.
#[allow(non_upper_case_globals)]
const candidates_max: usize = 20;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(in crate::console) struct Asked {
    #[serde(default)]
    q: String,
    /// The other household, once chosen.
    #[serde(default)]
    with: String,
}

/// `GET /console/households/{id}/merge`
pub(in crate::console) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Page, PageError> {
    let id = Uuid::try_parse(&id).map_err(|_| PageError::NotFound)?;
    let owner = session.clone();
    state
        .page(session, Room::Households, move |db, today| match Uuid::try_parse(&asked.with) {
            Ok(other) => compare(db, today, id, other, &owner),
            Err(_) => choose(db, id, &asked.q),
        })
        .await
}

fn household(db: &Connection, id: Uuid) -> Result<Row, PageError> {
    let row = read_row(db, id)?.filter(|row| row.kind == kind::HOUSEHOLD && !row.value("deleted").is_true());
    row.ok_or(PageError::NotFound)
}

/// The register is searched for the other one.
fn choose(db: &Connection, id: Uuid, q: &str) -> Result<Content, PageError> {
    let row = household(db, id)?;
    let villages = scope::villages(db)?;
    let found = if q.trim().is_empty() {
        alike(db, &row)?
    } else {
        HouseholdFilter { q: q.to_owned(), ..HouseholdFilter::default() }.ids(db, None)?
    };
    let mut candidates = Vec::new();
    for other in found.into_iter().filter(|other| *other != id).take(candidates_max) {
        candidates.extend(read_row(db, other)?);
    }
    let path = format!("{PATH}/{id}/merge");
    let body = html! {
        p.lead { "同一户登记了两次，就并成一户：两边的走访、意见都还在，以后都显示在留下的那一户名下。先找出另一户。" }
        form.filter method="get" action=(path) {
            (search_box("另一户", "户主、拼音首字母、组、门牌、电话", q))
            div.do { button.primary { "查找" } }
        }
        section.card.list {
            h2 { @if q.trim().is_empty() { "看着像的" } @else { "找到的" } }
            @if candidates.is_empty() { (empty("没有找到另一户", html! { "在上面按户主、门牌或电话查找。" })) }
            @else { div.scroll { table.rows {
                thead { tr { th { "户主" } th { "村" } th { "组" } th { "门牌" } th { "电话" } th {} } }
                tbody { @for other in &candidates { tr {
                    td.nowrap { (name_or(other.text(field::HEAD))) }
                    td { (scope::village_name(&villages, &other.village)) }
                    td { (other.text(field::GROUP)) }
                    td { (other.text(field::DOOR)) }
                    td.nowrap { (other.text(field::PHONE)) }
                    td.act { a.button href=(address(&path, &[("with", &other.id.to_string())])) { "比一比" } }
                } } }
            } } }
        }
    };
    Ok(Content {
        title: format!("{} 并户", name_or(row.text(field::HEAD))),
        subtitle: place(&row, &villages),
        aside: Some(html! { a.button href={ (PATH) "/" (id) } { "回这一户" } }),
        body,
    })
}

/// Same village and the same head, telephone or 身份证号; or the same 身份证号 anywhere.
fn alike(db: &Connection, row: &Row) -> Result<Vec<Uuid>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM household WHERE standing = '' AND id <> :id AND (
           (village = :village AND (head = :head AND head <> '' OR phone = :phone AND phone <> ''))
           OR (id_number = :number AND id_number <> '')) ORDER BY village, grp_no, door_no, id LIMIT 20",
    )?;
    let ids = statement.query_map(
        named_params! {
            ":id": row.id.as_bytes(), ":village": row.village, ":head": row.text(field::HEAD),
            ":phone": row.text(field::PHONE), ":number": row.text(field::ID_NUMBER),
        },
        |row| uuid_at(row, "id"),
    )?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn place(row: &Row, villages: &BTreeMap<String, String>) -> String {
    let village = scope::village_name(villages, &row.village);
    format!("{village} {} {}", row.text(field::GROUP), row.text(field::DOOR))
}

/// Both, and what will stay.
fn compare(
    db: &Connection,
    today: Today,
    id: Uuid,
    other: Uuid,
    session: &Session,
) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let (one, two) = (household(db, id)?, household(db, other)?);
    let body = html! {
        p.lead { "看清楚是不是同一户，再定留哪一个。并进去的那一户不再单独出现在户册里，资料和走访都还在，可以撤销。" }
        div.two {
            div { (side(db, today, &one, &two, &villages, session)?) }
            div { (side(db, today, &two, &one, &villages, session)?) }
        }
    };
    Ok(Content {
        title: "这两户是同一户吗？".to_owned(),
        subtitle: format!("{}、{}", name_or(one.text(field::HEAD)), name_or(two.text(field::HEAD))),
        aside: Some(html! { a.button href={ (PATH) "/" (id) "/merge" } { "换一户" } }),
        body,
    })
}

fn side(
    db: &Connection,
    today: Today,
    row: &Row,
    other: &Row,
    villages: &BTreeMap<String, String>,
    session: &Session,
) -> Result<Markup, PageError> {
    let known = Household::from_fields(&row.values());
    let names: Vec<String> = members(db, row.id)?.into_iter().map(|(_, member)| member.name).collect();
    let visits =
        "SELECT count(*), coalesce(max(occurred_at), 0) FROM visit WHERE household = ?1 AND void = 0";
    let (count, last): (i64, i64) =
        db.query_row(visits, [row.id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(html! {
        section.card {
            h2 { a.plain href={ (PATH) "/" (row.id) } { (name_or(&known.head)) } span { (place(row, villages)) } }
            dl.facts {
                dt { "家里的人" } dd { @if names.is_empty() { "没有登记" } @else { (names.join("、")) } }
                dt { "走访" } dd { (count) " 次" @if last > 0 { "，最近 " (words::day(last, today.now_ms)) } }
            }
            form.do method="post" action={ (PATH) "/merge" } {
                (token(session))
                input type="hidden" name="from" value=(other.id);
                input type="hidden" name="into" value=(row.id);
                @if row.village == other.village { button.primary { "留这一户" } }
                @else { p.faint { "两户不在一个村：先把其中一户迁到另一户的村，再并。" } }
            }
        }
        (facts_card(&known, &categories_of(db, row.id)?))
    })
}

/// `POST /console/households/merge`
pub(in crate::console) async fn merge(
    State(state): State<ConsoleState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let id = |name: &str| Uuid::try_parse(fields.text(name)).map_err(|_| PageError::NotFound);
    let (from, into) = (id("from")?, id("into")?);
    let now_ms = (state.now_ms)();
    let write = move |db: &Connection| {
        let (row, stays) = (household(db, from)?, household(db, into)?);
        if from == into || row.text(field::MERGED_INTO) == into.to_string() {
            return Ok(());
        }
        if !stays.text(field::MERGED_INTO).is_empty() {
            return Err(PageError::Said(
                "要留的那一户自己已经并入别的户，请先看它并入的那一户。什么都没有改动。",
            ));
        }
        if row.village != stays.village {
            return Err(PageError::Said(
                "这两户不在一个村，并不了。请先把其中一户迁到另一户的村，再并。什么都没有改动。",
            ));
        }
        link(db, &row, Value::from(into.to_string()), &by, now_ms)
    };
    state.write(write).await?;
    Ok(Redirect::to(&format!("{PATH}/{into}")).into_response())
}

/// `POST /console/households/unmerge`
pub(in crate::console) async fn unmerge(
    State(state): State<ConsoleState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let id = Uuid::try_parse(fields.text("household")).map_err(|_| PageError::NotFound)?;
    let now_ms = (state.now_ms)();
    let write = move |db: &Connection| {
        let row = household(db, id)?;
        match row.text(field::MERGED_INTO).is_empty() {
            true => Ok(()),
            false => link(db, &row, Value::Null, &by, now_ms),
        }
    };
    state.write(write).await?;
    Ok(Redirect::to(&format!("{PATH}/{id}")).into_response())
}

fn link(db: &Connection, row: &Row, into: Value, by: &str, now_ms: i64) -> Result<(), PageError> {
    let mut writer = LocalWriter::new(db)?.signed(by);
    let set = FieldSet::from([(field::MERGED_INTO.to_owned(), into)]);
    writer.write(Origin::Office, (kind::HOUSEHOLD, row.id, &row.village), set, now_ms)?;
    Ok(writer.finish()?)
}

/// On a household's page: into which it was merged, which were merged into it, and the way to merge or undo.
pub(super) fn merged_note(db: &Connection, row: &Row, session: &Session) -> Result<Markup, PageError> {
    let into = Uuid::try_parse(row.text(field::MERGED_INTO)).ok();
    let into = into.map(|id| read_row(db, id)).transpose()?.flatten();
    let mut statement =
        db.prepare_cached("SELECT id, head FROM household WHERE merged_into = ?1 ORDER BY head, id")?;
    let under =
        statement.query_map([row.id.as_bytes()], |row| Ok((uuid_at(row, "id")?, row.get("head")?)))?;
    let under = under.collect::<Result<Vec<(Uuid, String)>, _>>()?;
    Ok(html! {
        @if let Some(into) = into {
            div.note.wait {
                "这一户已并入 " a href={ (PATH) "/" (into.id) } { (name_or(into.text(field::HEAD))) }
                "，走访都显示在那一户名下。"
                form.do method="post" action={ (PATH) "/unmerge" } {
                    (token(session))
                    input type="hidden" name="household" value=(row.id);
                    button { "撤销并户" }
                }
            }
        }
        @if !under.is_empty() {
            p.note {
                "并进来的：" @for (id, head) in &under { a href={ (PATH) "/" (id) } { (name_or(head)) } " " }
                "它们的走访一起显示在下面。"
            }
        }
    })
}
