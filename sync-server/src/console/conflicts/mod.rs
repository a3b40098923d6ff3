//! 冲突: two people wrote one field without having seen each other. Both values are shown; the cadres settle it
//! on their phones, because they know which is right.

mod wording;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    parts::{self, Paging, address, empty, pager},
    request::SignedIn,
    scope,
};
use crate::export::words;
use axum::extract::{Query, State};
use lianxin_shared::{
    domain::{opinion, visit},
    replica::{Row, Stamp, Value, kind},
    sqlite::read_row,
};
use maud::{Markup, html};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

const PATH: &str = "/console/conflicts";

/// One open conflict in words.
struct Conflict {
    /// What the record is, and where it is to be read.
    record: String,
    href: Option<String>,
    village: String,
    field: String,
    shown: Side,
    other: Side,
}

/// One of the two values.
struct Side {
    value: String,
    /// Who wrote it and when; empty where a name is withheld.
    by: String,
}

/// `GET /console/conflicts`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(page): Query<super::ledger::PageNumber>,
) -> Result<Page, PageError> {
    state.page(session, Room::Conflicts, move |db, today| content(db, today, &page.page)).await
}

fn content(db: &Connection, today: Today, page: &str) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let mut statement =
        db.prepare_cached("SELECT id FROM conflict WHERE open = 1 ORDER BY village, record, field, id")?;
    let ids = statement.query_map([], |row| row.get::<_, [u8; 16]>(0))?;
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let paging = Paging::new(ids.len(), page);
    let mut conflicts = Vec::new();
    for id in paging.slice(&ids) {
        if let Some(row) = read_row(db, Uuid::from_bytes(*id))? {
            conflicts.extend(read(db, &row, today.now_ms)?);
        }
    }
    let body = html! {
        p.lead {
            "两个人在没有网络的时候改了同一处，就会有两种写法。两种都留着，一个字也不会丢；"
            "先显示后写的那一种，由这一户的干部在手机上点一下，选定哪一种。"
        }
        @if conflicts.is_empty() {
            section.card { (empty("现在没有冲突", html! { "出现时会列在这里，手机上也会提醒。" })) }
        }
        @for conflict in &conflicts {
            (card(conflict, scope::village_name(&villages, &conflict.village)))
        }
        (pager(paging, |page| address(PATH, &[("page", &page)])))
    };
    Ok(Content { title: "冲突".to_owned(), subtitle: parts::total(paging.total, "处"), aside: None, body })
}

fn card(conflict: &Conflict, village: &str) -> Markup {
    html! {
        section.card.conflict {
            h2 {
                @match &conflict.href {
                    Some(href) => a.plain href=(href) { (conflict.record) },
                    None => (conflict.record),
                }
                span { (village) " · " (conflict.field) }
            }
            div.sides {
                (side("现在显示", &conflict.shown))
                (side("另一种写法", &conflict.other))
            }
        }
    }
}

fn side(label: &str, side: &Side) -> Markup {
    html! {
        div {
            small { (label) }
            p.verbatim { (side.value) }
            @if !side.by.is_empty() { small { (side.by) } }
        }
    }
}

fn read(db: &Connection, conflict: &Row, now_ms: i64) -> Result<Option<Conflict>, PageError> {
    let Ok(id) = Uuid::try_parse(conflict.text("record")) else { return Ok(None) };
    let Some(record) = read_row(db, id)? else { return Ok(None) };
    let field = conflict.text("field");
    let withheld = record.kind == kind::OPINION && record.value(opinion::field::ANONYMOUS).is_true();
    // A withheld name must not come back through who wrote it, or through the visit that it came from.
    let hidden =
        withheld && !matches!(field, opinion::field::TEXT | opinion::field::KIND | opinion::field::CATEGORY);
    let shown = |value: &Value| match hidden {
        true => "（不记名，不显示）".to_owned(),
        false => wording::value(&record.kind, field, value, now_ms),
    };
    let by = |name: &str, stamp: &str| match (withheld, conflict.text(stamp).parse::<Stamp>()) {
        (true, _) => String::new(),
        (false, Ok(stamp)) => {
            let at = i64::try_from(stamp.wall_ms).unwrap_or_default();
            format!("{} {} 写", conflict.text(name), words::minute(at, now_ms))
        }
        (false, Err(_)) => format!("{} 写", conflict.text(name)),
    };
    let (name, href) = name_of(db, &record, withheld)?;
    Ok(Some(Conflict {
        record: name,
        href,
        village: record.village.clone(),
        field: wording::label(&record.kind, field),
        shown: Side { value: shown(record.value(field)), by: by("shown_by", "shown_stamp") },
        other: Side { value: shown(conflict.value("other")), by: by("other_by", "other_stamp") },
    }))
}

/// What people call the record, and its page if it has one.
fn name_of(db: &Connection, record: &Row, withheld: bool) -> Result<(String, Option<String>), PageError> {
    let id = record.id;
    let household = |id: Uuid| format!("/console/households/{id}");
    let visit = |id: Uuid| format!("/console/visits/{id}");
    Ok(match record.kind.as_str() {
        kind::HOUSEHOLD => (format!("户 {}", record.text("head")), Some(household(id))),
        kind::PERSON => {
            let of = Uuid::try_parse(record.text("household")).ok();
            (format!("成员 {}", record.text("name")), of.map(household))
        }
        kind::VISIT => (format!("走访 {}", record.text(visit::field::TARGET_NAME)), Some(visit(id))),
        kind::OPINION if withheld => ("意见建议（不记名）".to_owned(), None),
        kind::OPINION => {
            let at = Uuid::try_parse(record.text(opinion::field::VISIT)).ok();
            let target: Option<String> = match at {
                Some(at) => db
                    .query_row("SELECT target_name FROM visit WHERE id = ?1", [at.as_bytes()], |row| {
                        row.get(0)
                    })
                    .optional()?,
                None => None,
            };
            (format!("意见建议 {}", target.unwrap_or_default()), at.map(visit))
        }
        kind::DIARY => (format!("手记 {}", record.text("cadre_name")), None),
        kind::VILLAGE => ("村".to_owned(), None),
        kind::CAMPAIGN => ("活动".to_owned(), None),
        other => (other.to_owned(), None),
    })
}
