//! 干部与设备: who visits which villages, letting a phone in, and shutting it out.

mod cadre;
mod codes;
mod devices;

pub(super) use cadre::{grant, show as cadre};
pub(super) use codes::{enrol, revoke as revoke_code};

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    layout::token,
    parts::empty,
    request::{Posted, SignedIn},
    scope,
};
use crate::{
    auth::{
        Cadre, DeviceInfo, Session, add_cadre, list_cadres, list_devices, name_chars_max, new_cadre_id,
        open_codes, revoke_device,
    },
    export::words,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use codes::codes_card;
use devices::devices_table;
use lianxin_shared::replica::DeviceId;
use maud::{Markup, html};
use rusqlite::Connection;
use serde::Deserialize;
use std::collections::BTreeMap;

const PATH: &str = "/console/staff";

/// `GET /console/staff`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
) -> Result<Page, PageError> {
    let owner = session.clone();
    state.page(session, Room::Staff, move |db, today| content(db, today, &owner)).await
}

fn content(db: &Connection, today: Today, session: &Session) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let (cadres, devices) = (list_cadres(db)?, list_devices(db)?);
    let open = open_codes(db, today.now_ms)?;
    let subtitle = format!(
        "{} 名干部 · {} 台设备在用",
        cadres.len(),
        devices.iter().filter(|device| device.revoked_at_ms.is_none()).count()
    );
    let body = html! {
        section.card.list {
            h2 { "干部" span { "点姓名，改负责的村；生成登记码，让手机扫一扫" } }
            @if cadres.is_empty() {
                (empty("还没有干部", html! { "在下面添上姓名和负责的村，再给每人生成一个登记码。" }))
            } @else { (cadres_table(&cadres, &devices, &villages, session)) }
        }
        @if !open.is_empty() { (codes_card(&open, session, today.now_ms)) }
        (add_card(&villages, session))
        section.card.list {
            h2 { "设备" span { "丢了、换了手机，就在这里停用旧的" } }
            @if devices.is_empty() {
                (empty("还没有手机登记", html! { "给干部生成登记码，用手机扫码或输入十位数字。" }))
            } @else { (devices_table(&devices, today.now_ms)) }
        }
    };
    Ok(Content { title: "干部与设备".to_owned(), subtitle, aside: None, body })
}

fn cadres_table(
    cadres: &[Cadre],
    devices: &[DeviceInfo],
    villages: &BTreeMap<String, String>,
    session: &Session,
) -> Markup {
    let phones = |cadre: &str| {
        devices.iter().filter(|device| device.cadre == cadre && device.revoked_at_ms.is_none()).count()
    };
    html! {
        div.scroll { table.rows {
            thead { tr { th { "姓名" } th { "单位、职务" } th { "负责的村" } th.number { "在用设备" } th {} } }
            tbody { @for cadre in cadres { tr {
                td.nowrap { a href=(cadre::href(&cadre.id)) { (cadre.name) } }
                td { (cadre.unit) }
                td { @for code in &cadre.villages { span.tag { (scope::village_name(villages, code)) } " " } }
                td.number { (phones(&cadre.id)) }
                td.act {
                    form method="post" action={ (PATH) "/enrol" } {
                        (token(session))
                        input type="hidden" name="cadre" value=(cadre.id);
                        button { "生成登记码" }
                    }
                }
            } } }
        } }
    }
}

fn add_card(villages: &BTreeMap<String, String>, session: &Session) -> Markup {
    html! {
        details.card.add {
            summary { "添一名干部" }
            @if villages.is_empty() {
                (empty("还没有村", html! { "先在服务器上导入户册，村也随着进来；再回来添干部。" }))
            } @else {
                form.lines method="post" action={ (PATH) "/cadres" } {
                    (token(session))
                    label.field { span { "姓名" } input name="name" required maxlength=(name_chars_max) autocomplete="off"; }
                    label.field { span { "单位、职务" } input name="unit" maxlength=(name_chars_max) autocomplete="off"; }
                    fieldset {
                        legend { "负责的村（手机只收这些村的户册和记录）" }
                        @for (code, name) in villages {
                            label.check { input type="checkbox" name="village" value=(code); span { (name) } }
                        }
                    }
                    div.do { button.primary { "添上" } }
                }
            }
        }
    }
}

/// `POST /console/staff/cadres`
pub(super) async fn add(
    State(state): State<ConsoleState>,
    Posted { fields, .. }: Posted,
) -> Result<Response, PageError> {
    let cadre = Cadre {
        id: new_cadre_id()?,
        name: fields.text("name").to_owned(),
        unit: fields.text("unit").to_owned(),
        villages: fields.all("village").map(str::to_owned).collect(),
    };
    state.write(move |db| Ok(add_cadre(db, &cadre)?)).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// Which device.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    device: String,
}

fn device_id(text: &str) -> Result<DeviceId, PageError> {
    text.parse().map_err(|_| PageError::NotFound)
}

/// `GET /console/staff/revoke`: says what will happen before it does.
pub(super) async fn confirm_revoke(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(chosen): Query<Chosen>,
) -> Result<Page, PageError> {
    let id = device_id(&chosen.device)?;
    let owner = session.clone();
    let body = move |db: &Connection, today: Today| {
        let device = list_devices(db)?.into_iter().find(|one| one.id == id).ok_or(PageError::NotFound)?;
        let synced = device.last_sync_at_ms.map(|at| words::minute(at, today.now_ms));
        Ok(Content {
            title: format!("停用 {} 的设备", device.cadre_name),
            subtitle: device.name.clone(),
            aside: None,
            body: html! {
                section.card.narrow {
                    p { "停用之后，这台手机再也收不到户册和记录。" b { "停了不能恢复" } "，要再用须重新登记。" }
                    p { "已经收到的 " (device.receipt) " 笔都在服务器上；手机上写完还没上报的文字，下次有网时交上来，在“待收下”里等您定，不会丢。" }
                    p { "交完之后手机自己锁上，什么都不再显示；没写完的走访和没传完的照片留在手机里，重新登记以后接着写、接着传。" }
                    p.faint { "最近同步：" (synced.unwrap_or_else(|| "还没同步过".to_owned())) }
                    form.do method="post" action={ (PATH) "/revoke" } {
                        (token(&owner))
                        input type="hidden" name="device" value=(device.id);
                        button.primary { "停用这台设备" }
                        a.quiet href=(PATH) { "不停用" }
                    }
                }
            },
        })
    };
    state.page(session, Room::Staff, body).await
}

/// `POST /console/staff/revoke`
pub(super) async fn revoke(
    State(state): State<ConsoleState>,
    Posted { fields, .. }: Posted,
) -> Result<Response, PageError> {
    let (id, now_ms) = (device_id(fields.text("device"))?, (state.now_ms)());
    state.write(move |db| Ok(revoke_device(db, id, now_ms)?)).await?;
    Ok(Redirect::to(PATH).into_response())
}
