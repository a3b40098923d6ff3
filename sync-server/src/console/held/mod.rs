//! 待收下: what phones handed in and the server has not let into the records. The office reads why, and lets it in or
//! refuses it; what it said is kept, and what it refused stays to be read.

mod waiting;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today, erase,
    layout::token,
    parts::{self, Paging, address, empty, pager},
    request::{Posted, SignedIn, why_chars_max},
    scope,
};
use crate::{
    auth::Session,
    export::words,
    service::{MOVED_AWAY, NOT_GRANTED, Ruling, rule},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::replica::DeviceId;
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use waiting::{HeldRecord, Holder, holder, is_withheld, keys, read, rulings_of};

const PATH: &str = "/console/held";

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    page: String,
    /// Anything: those that were refused.
    #[serde(default)]
    refused: String,
    /// How many the office could not let in just now.
    #[serde(default)]
    unfit: String,
}

/// `GET /console/held`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Page, PageError> {
    let owner = session.clone();
    state.page(session, Room::Held, move |db, today| content(db, today, &asked, &owner)).await
}

fn content(db: &Connection, today: Today, asked: &Asked, session: &Session) -> Result<Content, PageError> {
    let refused = !asked.refused.is_empty();
    let keys = keys(db, refused)?;
    let paging = Paging::new(keys.len(), &asked.page);
    let villages = scope::villages(db)?;
    let mut sections: Vec<(Holder, Vec<HeldRecord>)> = Vec::new();
    for (device, record) in paging.slice(&keys) {
        let Some(held) = read(db, *device, *record, refused, today.now_ms)? else { continue };
        match sections.last_mut() {
            Some((last, records)) if last.device == *device => records.push(held),
            _ => sections.push((holder(db, *device)?, vec![held])),
        }
    }
    let unfit = asked.unfit.parse::<u32>().unwrap_or_default();
    let body = html! {
        p.lead {
            @if refused { "看过没有收进台账的，都还在这里，一个字没少（依法抹去的除外）；还在用的手机上写着“未收下”和缘故。改主意了，可以改为收下。" }
            @else {
                "手机已经交上来、还没进台账的：多半是手机停用了，或者村不归这名干部了。看一看再定："
                b { "收下" } "，就像当时就收了一样进台账；" b { "不收" } "，写明缘故；写它的手机还在用的，手机上也看得到。两种都留底。"
            }
        }
        p.lead { a href=(address(PATH, &[("refused", if refused { "" } else { "1" })])) {
            @if refused { "回待收下的" } @else { "看没有收下的" }
        } }
        @if unfit > 0 {
            p.note.wait { "有 " (unfit) " 笔收不进台账，缘故写在各条上；其余都收下了。" }
        }
        @if sections.is_empty() {
            section.card { (empty(
                if refused { "没有不收的" } else { "没有要核的" },
                html! { @if refused { "看过不收的，会列在这里。" } @else { "手机报上来的都进了台账。" } },
            )) }
        }
        @for (holder, records) in &sections { (section(holder, records, refused, &villages, session, today.now_ms)) }
        (rulings_card(db, refused, today.now_ms)?)
        (pager(paging, |page| address(PATH, &[("refused", &asked.refused), ("page", &page)])))
    };
    let title = if refused { "没有收下的" } else { "待收下" };
    Ok(Content { title: title.to_owned(), subtitle: parts::total(paging.total, "条"), aside: None, body })
}

fn section(
    holder: &Holder,
    records: &[HeldRecord],
    refused: bool,
    villages: &BTreeMap<String, String>,
    session: &Session,
    now_ms: i64,
) -> Markup {
    // A row of its own would stand beside its visit and name the speaker; let in alone, it would be the one new line
    // among the opinions.
    let (withheld, named): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.withheld);
    // In an order that tells nothing of when they were heard.
    let unread: BTreeSet<String> =
        withheld.iter().map(|record| erase::href_withheld(record.id, session)).collect();
    html! {
        section.card.held {
            h2 {
                (holder.cadre)
                span { (holder.name) @if holder.revoked { " · 已停用" } }
            }
            @if !holder.hears && !refused {
                p.faint {
                    "写这些的手机" @if holder.revoked { "已停用" } @else { "已经换了" }
                    "，定下来的结果它看不到；不收的，本人在新手机上只知道有几条、什么缘故，内容要您告诉本人。"
                }
            }
            ol.said { @for record in named { li {
                p.when {
                    b { (record.name) } " "
                    small { (scope::village_name(villages, &record.village)) " · 写于 " (words::minute(record.written_ms, now_ms))
                        " · 交到 " (words::minute(record.received_ms, now_ms)) }
                    @if let Some(place) = &record.erase { " " a.quiet href=(place) { "依法抹去" } }
                }
                p { span.st.wait { (said_to_the_office(&record.reason)) }
                    @if let Some(ruling) = &record.ruling {
                        " " small { (ruling.by) " " (words::minute(ruling.at_ms, now_ms)) " 不收：" (ruling.why) }
                    }
                }
                dl.facts { @for (label, value) in &record.lines { dt { (label) } dd { (value) } } }
                @match record.never {
                    Some(reason) if refused => p.faint { "收不进台账：" (reason) "。" },
                    reason => (decide(holder, Some(record.id), reason, refused, session)),
                }
            } } }
            @if !withheld.is_empty() {
                p.faint {
                    "还有 " (withheld.len()) " 条不留姓名的原话，不单独列出，"
                    @if refused { "也不单独改。" } @else { "和这部手机待收下的一起定；收下之后按村列出，不和人连在一起。" }
                    @for place in &unread { " " a.quiet href=(place) { "依法抹去一条" } }
                }
            }
            @if (records.len() > 1 || !withheld.is_empty()) && !refused {
                p.when { b { "这部手机待收下的，一起定：" } }
                (decide(holder, None, None, refused, session))
            }
        }
    }
}

/// The reason as the office reads it: it is written for whoever holds the phone.
fn said_to_the_office(reason: &str) -> &str {
    match reason {
        NOT_GRANTED => "这个村没有分给这名干部",
        MOVED_AWAY => "这一户已迁到别的村，那个村没有分给这名干部",
        reason => reason,
    }
}

/// The two answers; without `record` for all that waits of the device.
fn decide(
    holder: &Holder,
    record: Option<Uuid>,
    never: Option<&str>,
    refused: bool,
    session: &Session,
) -> Markup {
    html! {
        form.decide method="post" action=(PATH) {
            (token(session))
            input type="hidden" name="device" value=(holder.device);
            @if let Some(record) = record { input type="hidden" name="record" value=(record); }
            @match never {
                Some(reason) => p.faint { "收不进台账：" (reason) "。" },
                None => button.primary name="verdict" value="release" formnovalidate {
                    @if refused { "改为收下" } @else if record.is_some() { "收下" } @else { "全部收下" }
                },
            }
            @if !refused {
                input name="why" required maxlength=(why_chars_max) autocomplete="off" aria-label="不收的缘故"
                    placeholder=(if holder.hears { "不收的缘故，手机上看得到" } else { "不收的缘故" });
                button name="verdict" value="refuse" { @if record.is_some() { "不收" } @else { "全部不收" } }
            }
        }
    }
}

/// What was decided last.
fn rulings_card(db: &Connection, refused: bool, now_ms: i64) -> Result<Markup, PageError> {
    let rulings = if refused { Vec::new() } else { rulings_of(db)? };
    Ok(html! {
        @if !rulings.is_empty() {
            section.card.list {
                h2 { "最近定下的" }
                div.scroll { table.rows {
                    thead { tr { th { "时间" } th { "谁定的" } th { "定了什么" } th { "记录" } th { "缘故" } } }
                    tbody { @for ruling in &rulings { tr {
                        td.nowrap { (words::minute(ruling.at_ms, now_ms)) }
                        td.nowrap { @if ruling.by.is_empty() { "随村分给而定" } @else { (ruling.by) } }
                        td.nowrap { @if ruling.released { span.st.ok { "收下" } } @else { span.st.accent { "不收" } } }
                        td.nowrap {
                            @match ruling.record {
                                Some(record) => a href=(super::history::href(record)) { (ruling.name) },
                                None => (ruling.name),
                            }
                            " " small { (ruling.cadre) }
                        }
                        td { (ruling.why) }
                    } } }
                } }
            }
        }
    })
}

/// `POST /console/held`
pub(super) async fn decided(
    State(state): State<ConsoleState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, fields) = (posted.signed(), posted.fields);
    let device: DeviceId = fields.text("device").parse().map_err(|_| PageError::NotFound)?;
    let record = match fields.text("record") {
        "" => None,
        text => Some(Uuid::try_parse(text).map_err(|_| PageError::NotFound)?),
    };
    let release = match fields.text("verdict") {
        "release" => true,
        "refuse" => false,
        _ => return Err(PageError::Form),
    };
    let why: String = fields.text("why").trim().chars().take(why_chars_max).collect();
    if !release && why.is_empty() {
        return Err(PageError::Said("不收要写明缘故。什么都没有改动；请返回上一页写上。"));
    }
    let at_ms = (state.now_ms)();
    let ruling = Ruling { release, by, why: if release { String::new() } else { why }, at_ms };
    let write = move |db: &Connection| {
        if let Some(record) = record
            && (is_withheld(db, device, record, false, at_ms)?
                || is_withheld(db, device, record, true, at_ms)?)
        {
            return Err(PageError::Said("不留姓名的原话和那部手机待收下的一起定。什么都没有改动。"));
        }
        Ok(rule(db, device, record, &ruling)?)
    };
    let ruled = state.write(write).await?;
    let unfit = if ruled.unfit > 0 { ruled.unfit.to_string() } else { String::new() };
    Ok(Redirect::to(&address(PATH, &[("unfit", &unfit)])).into_response())
}
