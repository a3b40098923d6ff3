//! One cadre: the villages whose records their phones hold, and the phones.

use super::{PATH, devices::devices_table};
use crate::{
    auth::{Cadre, Session, list_cadres, list_devices, past_villages},
    console::{
        ConsoleState, Content, Page, PageError, Room, Today,
        layout::token,
        parts::{address, empty},
        request::{Posted, SignedIn},
        scope,
    },
    export::words,
    service::grant_villages,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Which cadre, and what has just come of a change.
#[derive(Debug, Default, Deserialize)]
pub(in crate::console) struct Asked {
    #[serde(default)]
    cadre: String,
    /// How many held patches came in with the grant.
    #[serde(default)]
    released: String,
}

/// Where a cadre's page is.
pub(super) fn href(cadre: &str) -> String {
    address("/console/staff/cadre", &[("cadre", cadre)])
}

/// `GET /console/staff/cadre`
pub(in crate::console) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Page, PageError> {
    let owner = session.clone();
    state.page(session, Room::Staff, move |db, today| content(db, today, &asked, &owner)).await
}

fn content(db: &Connection, today: Today, asked: &Asked, session: &Session) -> Result<Content, PageError> {
    let cadre =
        list_cadres(db)?.into_iter().find(|cadre| cadre.id == asked.cadre).ok_or(PageError::NotFound)?;
    let villages = scope::villages(db)?;
    let devices: Vec<_> = list_devices(db)?.into_iter().filter(|one| one.cadre == cadre.id).collect();
    let past = past_villages(db, &cadre.id)?;
    let held = held_of(db, &cadre.id)?;
    let released = asked.released.parse::<u32>().ok();
    let body = html! {
        @if let Some(released) = released {
            p.note.wait {
                "已改好，手机下次同步时换好。"
                @if released > 0 { "以前因为村没有分给 " (cadre.name) " 而暂存的 " (released) " 笔，也随着收下了。" }
            }
        }
        @if held > 0 { p.note.wait { "有 " (held) " 条交上来还没进台账，" a href="/console/held" { "去看一看" } "。" } }
        (villages_card(&cadre, &villages, &past, session, today.now_ms))
        section.card.list {
            h2 { "手机" span { "丢了、换了手机，就停用旧的" } }
            @if devices.is_empty() {
                (empty("还没有手机登记", html! { "在“干部与设备”里生成登记码，用手机扫码或输入十位数字。" }))
            } @else { (devices_table(&devices, today.now_ms)) }
        }
    };
    Ok(Content {
        title: cadre.name,
        subtitle: cadre.unit,
        aside: Some(html! { a.button href=(PATH) { "回干部与设备" } }),
        body,
    })
}

/// Records of their phones that wait for the office.
fn held_of(db: &Connection, cadre: &str) -> Result<i64, PageError> {
    let sql = "SELECT count(*) FROM (SELECT DISTINCT p.device, p.record FROM patch p JOIN device d ON d.id = p.device
                 WHERE p.held <> '' AND p.refused = 0 AND d.cadre = ?1)";
    Ok(db.query_row(sql, [cadre], |row| row.get(0))?)
}

fn villages_card(
    cadre: &Cadre,
    villages: &BTreeMap<String, String>,
    past: &BTreeMap<String, i64>,
    session: &Session,
    now_ms: i64,
) -> Markup {
    // A granted village without a record of its own must not be lost by saving the form.
    let codes: BTreeSet<&String> = villages.keys().chain(&cadre.villages).collect();
    html! {
        section.card {
            h2 { "负责的村" span { "手机只收这些村的户册和记录" } }
            form.lines method="post" action="/console/staff/villages" {
                (token(session))
                input type="hidden" name="cadre" value=(cadre.id);
                fieldset {
                    legend { "从现在起负责" }
                    @for code in codes {
                        label.check {
                            input type="checkbox" name="village" value=(code) checked[cadre.villages.contains(code)];
                            span {
                                (scope::village_name(villages, code))
                                @if let Some(at) = past.get(code) { " " small { (words::day(*at, now_ms)) " 前负责过" } }
                            }
                        }
                    }
                }
                p.faint {
                    "去掉一个村：那个村的资料在手机把没报的报完之后离开手机，去掉之前写的照样收。"
                    "添上一个村：手机下次同步时收到它的资料；以前因为没分给而暂存的，随着收下。"
                }
                div.do { button.primary { "保存" } }
            }
        }
    }
}

/// `POST /console/staff/villages`
pub(in crate::console) async fn grant(
    State(state): State<ConsoleState>,
    Posted { fields, .. }: Posted,
) -> Result<Response, PageError> {
    let (cadre, now_ms) = (fields.text("cadre").to_owned(), (state.now_ms)());
    let villages: BTreeSet<String> = fields.all("village").map(str::to_owned).collect();
    let id = cadre.clone();
    let released = state.write(move |db| Ok(grant_villages(db, &id, &villages, now_ms)?)).await?;
    let back = address("/console/staff/cadre", &[("cadre", &cadre), ("released", &released.to_string())]);
    Ok(Redirect::to(&back).into_response())
}
