//! Enrolment codes: one is made and shown once; those that nobody has used can be taken back.

use super::PATH;
use crate::{
    auth::{OpenCode, Session, create_code, grouped_digits, list_cadres, revoke_code},
    console::{ConsoleState, Content, Page, PageError, Room, Today, layout::token, request::Posted},
    export::words,
    http::is_for_this_machine_alone,
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, PreEscaped, html};
use qrcode::{EcLevel, QrCode, render::svg};
use rusqlite::Connection;

/// Smallest side of the QR code, CSS pixels; the sheet sets the size that is seen.
const QR_SIDE_MIN: u32 = 240;

/// Codes that somebody might still redeem, and a way to take each back.
pub(super) fn codes_card(open: &[OpenCode], session: &Session, now_ms: i64) -> Markup {
    html! {
        section.card.list {
            h2 { "还没用过的登记码" span { "发错了人、不要了，就作废；用过或到期的不在这里" } }
            div.scroll { table.rows {
                thead { tr { th { "给谁" } th { "生成时间" } th { "有效到" } th {} } }
                tbody { @for code in open { tr {
                    td.nowrap { (code.cadre_name) }
                    td.nowrap { (words::minute(code.created_at_ms, now_ms)) }
                    td.nowrap { (words::minute(code.expires_at_ms, now_ms)) }
                    td.act {
                        form method="post" action={ (PATH) "/codes" } {
                            (token(session))
                            input type="hidden" name="cadre" value=(code.cadre);
                            input type="hidden" name="created" value=(code.created_at_ms);
                            button { "作废" }
                        }
                    }
                } } }
            } }
        }
    }
}

/// `POST /console/staff/codes`: takes a code back.
pub(in crate::console) async fn revoke(
    State(state): State<ConsoleState>,
    Posted { fields, .. }: Posted,
) -> Result<Response, PageError> {
    let (cadre, now_ms) = (fields.text("cadre").to_owned(), (state.now_ms)());
    let created_at_ms = fields.text("created").parse().map_err(|_| PageError::NotFound)?;
    state.write(move |db| Ok(revoke_code(db, &cadre, created_at_ms, now_ms)?)).await?;
    Ok(Redirect::to(PATH).into_response())
}

/// `POST /console/staff/enrol`: the code is shown in the answer, this once.
pub(in crate::console) async fn enrol(
    State(state): State<ConsoleState>,
    Posted { session, fields }: Posted,
) -> Result<Page, PageError> {
    let (id, now_ms) = (fields.text("cadre").to_owned(), (state.now_ms)());
    let code = state.write(move |db| Ok(create_code(db, &id, now_ms)?)).await?;
    let id = fields.text("cadre").to_owned();
    let link = format!("{}/#enrol?code={}", state.public_url, code.digits);
    let picture = qr(&link)?;
    let public_url = state.public_url.clone();
    let body = move |db: &Connection, today: Today| {
        let cadre = list_cadres(db)?.into_iter().find(|cadre| cadre.id == id).ok_or(PageError::NotFound)?;
        Ok(Content {
            title: format!("{} 的登记码", cadre.name),
            subtitle: format!("{} 前有效，只能用一次", words::minute(code.expires_at_ms, today.now_ms)),
            aside: Some(html! { a.button href=(PATH) { "回干部与设备" } }),
            body: html! {
                @if is_for_this_machine_alone(&public_url) { (unreachable(&public_url)) }
                section.card.enrol {
                    div.qr { (picture) }
                    div {
                        p.digits { (grouped_digits(&code.digits)) }
                        ol.steps {
                            li { "手机连上网，用相机或浏览器扫左边的码。" }
                            li { "扫不了，就在手机浏览器里打开 " code { (public_url) } "，输入上面十位数字。" }
                            li { "登记好，手机就收下负责的村的户册；以后没有信号也能用。" }
                        }
                        p.note.wait { "这一页离开后就不再显示。没用上，再生成一个就行；旧的到期自己作废，也可以在“干部与设备”里马上作废。" }
                    }
                }
            },
        })
    };
    state.page(session, Room::Staff, body).await
}

/// What to do where the code's address means the phone itself.
fn unreachable(public_url: &str) -> Markup {
    html! {
        p.note.bad {
            b { "手机打不开 " code { (public_url) } "：" }
            "这个地址只有这台电脑自己认得，手机扫了码也登记不上。在这台电脑的浏览器里试用，可以照下面做。"
            "要让手机登记：停下服务，运行 " code { "lianxin-server tls init --name 这台电脑的局域网地址" }
            "（例如 192.168.1.9），再用 " code { "serve --bind 0.0.0.0 --public-url https://192.168.1.9:8600" }
            " 启动，然后重新生成登记码。"
        }
    }
}

/// The link as a picture: an SVG without a style of its own, so that the page's policy lets it through.
fn qr(link: &str) -> Result<PreEscaped<String>, PageError> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).map_err(|_| PageError::Qr)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(QR_SIDE_MIN, QR_SIDE_MIN).build();
    let start = picture.find("<svg").unwrap_or_default();
    Ok(PreEscaped(picture.get(start..).unwrap_or_default().to_owned()))
}
