//! 冲突: two people wrote one field without having seen each other. All values are shown with who wrote them and when;
//! one click picks one, here or on a cadre's phone. That is a write of its own, with its history.

mod settle;

pub(super) use settle::settle;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    layout::token,
    naming,
    parts::{self, Paging, address, empty, pager},
    request::SignedIn,
    scope,
};
use crate::{auth::Session, export::words};
use axum::extract::{Query, State};
use lianxin_shared::{
    domain::label,
    replica::{Row, Stamp, Value},
    sqlite::{read_row, uuid_at},
    templates::templates,
};
use maud::{Markup, html};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const PATH: &str = "/console/conflicts";

/// One field of a record that was written differently, in words.
struct Conflict {
    /// What the record is, and where it is to be read.
    name: String,
    href: Option<String>,
    village: String,
    /// 组 and 门牌 of its household: heads of one name are told apart.
    place: String,
    label: String,
    /// Names the write that is shown, without telling when and by whom it was written.
    shown: String,
    /// The one that is shown, then the others.
    sides: Vec<Side>,
    /// A withheld name: what is written cannot be shown, so it cannot be chosen from here.
    hidden: bool,
}

/// One of the values.
struct Side {
    value: String,
    /// Who wrote it and when; empty where a name is withheld.
    by: String,
    /// The conflict whose other value it is; none for the one that is shown.
    conflict: Option<Uuid>,
}

/// SQL: every field of a record that the office may settle: `record`, `field`, `village`. What people said, in a visit of a
/// former version, is for a phone of the village to settle: here it would stand beside a name.
pub(super) fn open_fields() -> String {
    let said = templates().items.iter().filter(|item| item.is_opinion);
    let said: Vec<String> = said.map(|item| format!("'{}'", item.field())).collect();
    let said = said.join(", ");
    format!(
        "SELECT record, field, village FROM conflict WHERE open = 1 AND field NOT IN ({said}) GROUP BY record, field"
    )
}

/// `GET /console/conflicts`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(page): Query<super::ledger::PageNumber>,
) -> Result<Page, PageError> {
    let owner = session.clone();
    state.page(session, Room::Conflicts, move |db, today| content(db, today, &page.page, &owner)).await
}

fn content(db: &Connection, today: Today, page: &str, session: &Session) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let mut statement = db.prepare_cached(&format!("{} ORDER BY village, record, field", open_fields()))?;
    let fields = statement.query_map([], |row| Ok((uuid_at(row, "record")?, row.get("field")?)))?;
    let fields = fields.collect::<Result<Vec<(Uuid, String)>, _>>()?;
    let paging = Paging::new(fields.len(), page);
    let mut conflicts = Vec::new();
    for (record, field) in paging.slice(&fields) {
        conflicts.extend(read(db, *record, field, today.now_ms)?);
    }
    let body = html! {
        p.lead {
            "两个人在没有网络的时候改了同一处，就会有两种写法。两种都留着，一个字也不会丢；先显示后写的那一种。"
            "哪一种对，这一户的干部在手机上点一下，或者您问清楚了在这里点一下，就定下来；没选中的在“修改记录”里还看得到。"
        }
        @if conflicts.is_empty() {
            section.card { (empty("现在没有冲突", html! { "出现时会列在这里，手机上也会提醒。" })) }
        }
        @for conflict in &conflicts {
            (card(conflict, scope::village_name(&villages, &conflict.village), session))
        }
        (pager(paging, |page| address(PATH, &[("page", &page)])))
    };
    Ok(Content { title: "冲突".to_owned(), subtitle: parts::total(paging.total, "处"), aside: None, body })
}

fn card(conflict: &Conflict, village: &str, session: &Session) -> Markup {
    html! {
        section.card.conflict {
            h2 {
                @match &conflict.href {
                    Some(href) => a.plain href=(href) { (conflict.name) },
                    None => (conflict.name),
                }
                span { (village) " " (conflict.place) " · " (conflict.label) }
            }
            div.sides { @for (at, side) in conflict.sides.iter().enumerate() {
                div {
                    small { @if at == 0 { "现在显示" } @else { "另一种写法" } }
                    p.verbatim { (side.value) }
                    @if !side.by.is_empty() { small { (side.by) } }
                    @if !conflict.hidden { (choose(conflict, side, session)) }
                }
            } }
            @if conflict.hidden { p.faint { "说话的人不愿留名，这里看不到写的是什么；由干部在手机上选定。" } }
        }
    }
}

/// One click: this value, having seen all that are on the page. Nothing in it tells who wrote what and when: a name may
/// be withheld.
fn choose(conflict: &Conflict, side: &Side, session: &Session) -> Markup {
    html! {
        form method="post" action=(PATH) {
            (token(session))
            input type="hidden" name="shown" value=(conflict.shown);
            @if let Some(take) = side.conflict { input type="hidden" name="take" value=(take); }
            @for seen in conflict.sides.iter().filter_map(|side| side.conflict) {
                input type="hidden" name="seen" value=(seen);
            }
            button { "用这一个" }
        }
    }
}

/// A name of the write that is shown of a field, from which nothing can be read.
fn shown_token(record: &Row, field: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(record.id.as_bytes());
    hasher.update(field);
    hasher.update(record.fields.get(field).map(|version| version.stamp.to_bytes()).unwrap_or_default());
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Every conflict of a field that is open; the rows are the server's own.
fn open_conflicts(db: &Connection, record: Uuid, field: &str) -> Result<Vec<Row>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM conflict WHERE record = ?1 AND field = ?2 AND open = 1 ORDER BY id",
    )?;
    let ids = statement.query_map(params![record.as_bytes(), field], |row| uuid_at(row, "id"))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(read_row(db, id)?);
    }
    Ok(rows)
}

fn read(db: &Connection, record: Uuid, field: &str, now_ms: i64) -> Result<Option<Conflict>, PageError> {
    let others = open_conflicts(db, record, field)?;
    let (Some(row), Some(first)) = (read_row(db, record)?, others.first()) else { return Ok(None) };
    let withheld = naming::withheld(&row);
    // A withheld name must not come back through who wrote it, or through the visit that it came from.
    let hidden = withheld && !naming::harmless(field);
    let side = |value: &Value, conflict: &Row, of: &str| -> Result<Side, PageError> {
        let name = conflict.text(&format!("{of}_by"));
        let stamp = conflict.text(&format!("{of}_stamp")).parse::<Stamp>().ok();
        let at = stamp.map(|stamp| i64::try_from(stamp.wall_ms).unwrap_or_default());
        let by = match (withheld, at) {
            (true, _) => String::new(),
            (false, Some(at)) => format!("{name} {} 写", words::moment(at, now_ms)),
            (false, None) => format!("{name} 写"),
        };
        let value = match hidden {
            true => "（不记名，不显示）".to_owned(),
            false => naming::value_of(db, &row.kind, field, value, now_ms)?,
        };
        Ok(Side { value, by, conflict: (of == "other").then_some(conflict.id) })
    };
    let mut sides = vec![side(row.value(field), first, "shown")?];
    for other in &others {
        sides.push(side(other.value("other"), other, "other")?);
    }
    let (name, href) = naming::name_of(db, &row)?;
    Ok(Some(Conflict {
        name,
        href,
        village: row.village.clone(),
        place: if withheld { String::new() } else { naming::place_of(db, &row)? },
        shown: shown_token(&row, field),
        label: label::field(&row.kind, field),
        sides,
        hidden,
    }))
}
