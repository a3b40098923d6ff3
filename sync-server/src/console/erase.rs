//! 依法抹去: what somebody has the right to have erased (个人信息保护法 第四十七条). A page of its own says what goes, what
//! does not, and that there is no way back; a reason and a typed word make sure that it is meant.

use super::{
    ConsoleState, Content, Page, PageError, Room, Today, history,
    layout::{bare, token},
    naming::{harmless, name_of, referred, value_of, withheld},
    request::{Posted, SignedIn, why_chars_max},
    scope, wording,
};
use crate::{
    auth::Session,
    service::{ErasureAct, erase_for_good, erased_entries, told_of},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use lianxin_shared::{
    domain::{household, label, opinion, visit},
    replica::{Row, Value, kind},
    sqlite::{read_row, uuid_at},
};
use maud::{Markup, html};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use uuid::Uuid;

const PATH: &str = "/console/erase";
/// What has to be typed.
const CONFIRMATION: &str = "依法抹去";
/// Value of the box for a whole record; of that for what goes along with it.
const ALL: &str = "1";
/// With what the address of a withheld opinion begins.
const HANDLE: char = 'x';

/// Where a record is erased.
pub(super) fn href(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

/// The same of an opinion whose speaker wished not to be named: an address that tells nothing of when it was heard, and
/// leads nowhere without this session.
pub(super) fn href_withheld(id: Uuid, session: &Session) -> String {
    format!("{PATH}/{}", handle(id, session))
}

fn handle(id: Uuid, session: &Session) -> String {
    let hash = Sha256::new().chain_update(&session.csrf).chain_update(id.as_bytes()).finalize();
    std::iter::once(HANDLE.to_string())
        .chain(hash.iter().take(16).map(|byte| format!("{byte:02x}")))
        .collect()
}

/// The quiet way there.
pub(super) fn link(id: Uuid) -> Markup {
    html! { a.quiet href=(href(id)) { "依法抹去" } }
}

/// The way there from a page that tells of a record as it waits or as it was; none if there is nothing to erase of it.
///
/// # Errors
/// When SQLite fails.
pub(super) fn way(db: &Connection, id: Uuid) -> Result<Option<String>, PageError> {
    if told(db, id)?.is_none_or(|row| withheld(&row)) {
        return Ok(None);
    }
    match still_there(db, id) {
        Ok(()) => Ok(Some(href(id))),
        Err(PageError::Erased(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `GET /console/erase/{key}`
pub(super) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Path(key): Path<String>,
) -> Result<Page, PageError> {
    let (owner, wanted) = (session.clone(), key.clone());
    let room = state.read(move |db| Ok(room_of(&found(db, &wanted, &owner)?))).await?;
    let owner = session.clone();
    state.page(session, room, move |db, today| content(db, today, &key, &owner)).await
}

/// The record of an address, as long as there is anything to erase of it.
fn found(db: &Connection, key: &str, session: &Session) -> Result<Row, PageError> {
    let id = match key.starts_with(HANDLE) {
        true => withheld_opinions(db)?.into_iter().find(|id| handle(*id, session) == key),
        false => Uuid::try_parse(key).ok(),
    };
    id.map(|id| told(db, id)).transpose()?.flatten().ok_or(PageError::NotFound)
}

/// A record of which people can be told: it stands, or held patches have it. Of words that wait and whose speaker would
/// not be named, nothing: their phone is known.
fn told(db: &Connection, id: Uuid) -> Result<Option<Row>, PageError> {
    let kinds = [kind::HOUSEHOLD, kind::PERSON, kind::VISIT, kind::OPINION, kind::DIARY];
    let stands = read_row(db, id)?.is_some();
    let mut told = told_of(db, id)?.filter(|row| !stands || kinds.contains(&row.kind.as_str()));
    if let Some(row) = told.as_mut().filter(|row| !stands && withheld(row)) {
        row.fields.retain(|name, _| name == opinion::field::ANONYMOUS);
    }
    Ok(told)
}

fn withheld_opinions(db: &Connection) -> Result<Vec<Uuid>, PageError> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM opinion WHERE anonymous = 1
         UNION SELECT record FROM patch WHERE held <> '' AND kind = 'opinion' AND json_extract(body, '$.set.anonymous') = 1",
    )?;
    let ids = statement.query_map([], |row| uuid_at(row, "id"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn room_of(row: &Row) -> Room {
    match row.kind.as_str() {
        kind::VISIT => Room::Visits,
        kind::OPINION => Room::Opinions,
        kind::DIARY => Room::Diary,
        _ => Room::Households,
    }
}

/// Whether a record was erased whole: its history is the only page that it has.
///
/// # Errors
/// [`PageError::Erased`] if it was.
pub(super) fn still_there(db: &Connection, id: Uuid) -> Result<(), PageError> {
    let is_whole = erased_entries(db, id)?.iter().any(|entry| entry.field.is_empty());
    if is_whole { Err(PageError::Erased(id)) } else { Ok(()) }
}

/// Who made the record, when and of what sort: they go with the whole record or not at all, or lists could not place it.
const FRAME: [&str; 12] = [
    household::field::VILLAGE,
    household::field::DELETED,
    household::field::STATE,
    visit::field::OCCURRED_AT,
    visit::field::VISITOR_NAME,
    visit::field::TARGET_KIND,
    visit::field::MODE,
    visit::field::ABSENT,
    opinion::field::ANONYMOUS,
    opinion::field::IMMEDIATE,
    "cadre_name",
    "date",
];

/// The fields that can be erased one by one: those that say something of somebody, not those that only link records.
fn fields_of(row: &Row) -> impl Iterator<Item = (&String, &Value)> {
    let is_withheld = withheld(row);
    row.fields
        .iter()
        .map(|(name, version)| (name, &version.value))
        .filter(|(_, value)| **value != Value::Null)
        .filter(move |(name, value)| {
            wording::speaks(name) && referred(name, value).is_none() && !FRAME.contains(&name.as_str())
        })
        .filter(move |(name, _)| !is_withheld || harmless(name))
}

/// What may go along with a whole record, and is left behind otherwise: a household's members, what was said at a visit
/// under a name. What was said under none would tell by this at which visit.
///
/// # Errors
/// When SQLite fails.
pub(super) fn along(db: &Connection, row: &Row) -> Result<Vec<Uuid>, PageError> {
    let sql = match row.kind.as_str() {
        kind::HOUSEHOLD => "SELECT id FROM person WHERE household = ?1 ORDER BY id",
        kind::VISIT => "SELECT id FROM opinion WHERE visit = ?1 AND anonymous = 0 ORDER BY id",
        _ => return Ok(Vec::new()),
    };
    let mut statement = db.prepare_cached(sql)?;
    let ids = statement.query_map([row.id.as_bytes()], |row| uuid_at(row, "id"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn content(db: &Connection, today: Today, key: &str, session: &Session) -> Result<Content, PageError> {
    let row = found(db, key, session)?;
    still_there(db, row.id)?;
    let (name, back) = name_of(db, &row)?;
    let villages = scope::villages(db)?;
    let mut fields = Vec::new();
    for (field, value) in fields_of(&row) {
        let mut words = value_of(db, &row.kind, field, value, today.now_ms)?;
        if field == visit::field::VOID_REASON {
            words.push_str("（抹去以后就不再是作废的，重新计入）");
        }
        fields.push((field.clone(), label::field(&row.kind, field), words));
    }
    let along = along(db, &row)?.len();
    let body = html! {
        p.note.wait {
            b { "抹去以后找不回来。" }
            "《个人信息保护法》第四十七条：本人要求删除，或者不该再留的个人信息，要删除。写错了请用更正，走访不算数请用作废，那些都留着原来的写法。"
        }
        @if withheld(&row) && read_row(db, row.id)?.is_none() {
            p.note.wait {
                "这是一条还没收进台账的、不留姓名的原话。它和交来它的手机连在一起，所以这里不显示内容；"
                "要先看清是哪一条，请先收下，再到“意见建议”里抹。收不下的，只能这样整条抹去。"
            }
        }
        div.two.wide-left {
            (form(key, &row, &fields, along, session))
            div { (goes(&row)) (stays(&row)) }
        }
    };
    Ok(Content {
        title: format!("依法抹去 {name}"),
        subtitle: scope::village_name(&villages, &row.village).to_owned(),
        aside: back.map(|back| html! { a.button href=(back) { "不抹了，回去" } }),
        body,
    })
}

fn form(
    key: &str,
    row: &Row,
    fields: &[(String, String, String)],
    along: usize,
    session: &Session,
) -> Markup {
    let whole = match row.kind.as_str() {
        kind::HOUSEHOLD => "这一户的全部内容",
        kind::PERSON => "这个人的全部内容",
        kind::VISIT => "这次走访的全部内容（答案、笔录、照片）",
        kind::OPINION => "这一条的全部内容",
        _ => "这一篇的全部内容（照片也在内）",
    };
    html! {
        section.card {
            h2 { "抹去什么" }
            form.erase method="post" action={ (PATH) "/" (key) } {
                (token(session))
                @if !fields.is_empty() {
                    fieldset {
                        legend { "只抹去这几项" }
                        @for (field, label, words) in fields {
                            label.check {
                                input type="checkbox" name="field" value=(field);
                                span { b { (label) } " " (words) }
                            }
                        }
                    }
                }
                fieldset {
                    legend { "或者整条" }
                    label.check { input type="checkbox" name="whole" value=(ALL); span { (whole) } }
                    @if along > 0 {
                        label.check {
                            input type="checkbox" name="along" value=(ALL);
                            span {
                                @if row.kind == kind::VISIT {
                                    "当时记名的 " (along) " 条意见建议也一起整条抹去"
                                    @if !row.text(visit::field::VOID_REASON).is_empty() {
                                        "（这次走访已作废：不一起抹去，它们就重新计入总数）"
                                    }
                                } @else { "家里的 " (along) " 个人也一起整条抹去" }
                            }
                        }
                    }
                }
                label.field {
                    span { "缘故（会留在修改记录里：不要写姓名，也不要写抹去的内容）" }
                    input name="why" required maxlength=(why_chars_max) autocomplete="off" placeholder="例如：本人书面要求删除，收到日期和文号";
                }
                label.field {
                    span { "想好了，请在这里写上“" (CONFIRMATION) "”" }
                    input name="confirm" required autocomplete="off" placeholder=(CONFIRMATION);
                }
                div.do { button.danger { "抹去，不能恢复" } }
            }
        }
    }
}

fn goes(row: &Row) -> Markup {
    html! {
        section.card {
            h2 { "会从这些地方抹去" }
            ul.plain {
                li { "办公台、台账和以后导出的表格" }
                li { "修改记录里从前的写法，写法不一致时没选中的写法，待收下的" }
                @if matches!(row.kind.as_str(), kind::VISIT | kind::DIARY) { li { "照片文件，别的记录没有用到的" } }
                li { "有这个村资料的每部手机，在它下次同步的时候" }
                li { "还没同步的手机后来报上来的同一项，收到就抹去，不留底" }
            }
            p.faint { "留下的只有：谁、什么时候、因为什么抹去的，以及原来由谁在什么时候写过。" }
        }
    }
}

fn stays(row: &Row) -> Markup {
    html! {
        section.card {
            h2 { "不在内，要另外办" }
            ul.plain {
                @if matches!(row.kind.as_str(), kind::HOUSEHOLD | kind::PERSON) {
                    li { "走访记录和意见建议：里面写的姓名、原话都还在，请到那一页上抹去" }
                } @else {
                    @if row.kind == kind::VISIT {
                        li { "没有一起选的、不留姓名的意见建议：在“意见建议”里一条一条抹去" }
                    }
                    li { "别的记录里写到的同样的话，请到那一页上抹去" }
                }
                li {
                    "已经导出、打印的表格，已经拷走的备份文件，恢复备份时留在数据文件夹里的旧数据库（lianxin-before-restore-….db，"
                    "check 会列出来）：这里够不着，请按规定销毁"
                }
                li { "从旧备份恢复：原来的数据库还读得出来，会自动再抹去一次；读不出来，命令会提醒，要在这里重新抹去" }
                li { "停用了的、一直不再同步的、旧版本的手机：里面的还在，请收回；还在用的，让干部打开新版同步一次" }
                @if row.kind == kind::HOUSEHOLD { li { "以后再从表格导入户册，表格里有的会重新建一户" } }
            }
        }
    }
}

/// `POST /console/erase/{key}`
pub(super) async fn erase(
    State(state): State<ConsoleState>,
    Path(key): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    let (by, now_ms) = (posted.signed(), (state.now_ms)());
    let Posted { session, fields } = posted;
    if fields.text("confirm").trim() != CONFIRMATION {
        return Err(PageError::Said("没有写对“依法抹去”四个字。什么都没有抹去；请返回上一页核对以后再写。"));
    }
    let why: String = fields.text("why").trim().chars().take(why_chars_max).collect();
    if why.is_empty() {
        return Err(PageError::Said("依法抹去要写明缘故。什么都没有抹去；请返回上一页写上。"));
    }
    let whole = fields.text("whole") == ALL;
    let with_along = fields.text("along") == ALL;
    if with_along && !whole {
        return Err(PageError::Said(
            "“一起整条抹去”只能和全部内容一起选。什么都没有抹去；请返回上一页，把两项都选上，或者一条一条去抹。",
        ));
    }
    let chosen: BTreeSet<String> = match whole {
        true => BTreeSet::from([String::new()]),
        false => fields.all("field").filter(|field| !field.is_empty()).map(str::to_owned).collect(),
    };
    if chosen.is_empty() {
        return Err(PageError::Said("没有选要抹去的内容。什么都没有抹去；请返回上一页选上。"));
    }
    let (to, records) = state
        .read(move |db| {
            let row = found(db, &key, &session)?;
            let to = match withheld(&row) {
                true if read_row(db, row.id)?.is_none() => "/console/held".to_owned(),
                true => "/console/opinions".to_owned(),
                false => history::href(row.id),
            };
            let may: BTreeSet<&String> = fields_of(&row).map(|(field, _)| field).collect();
            if !whole && !chosen.iter().all(|field| may.contains(field)) {
                return Err(PageError::Said(
                    "选的内容刚刚有了变化。什么都没有抹去；请返回上一页，刷新后再选。",
                ));
            }
            let mut records = vec![(row.id, chosen)];
            if with_along {
                let all = BTreeSet::from([String::new()]);
                records.extend(along(db, &row)?.into_iter().map(|id| (id, all.clone())));
            }
            Ok((to, records))
        })
        .await?;
    let storage = state.storage.clone();
    let act = ErasureAct { by, why, at_ms: now_ms };
    let is_clean = tokio::task::spawn_blocking(move || erase_for_good(&storage, records, act)).await??;
    if !is_clean {
        return Ok(left_over(&to).into_response());
    }
    Ok(Redirect::to(&to).into_response())
}

/// What was erased stands in no table any more, but the disk has some of it for a while.
fn left_over(to: &str) -> Page {
    bare(
        "已经抹去",
        html! {
            section.card.door {
                h1 { "已经抹去，残留还在清" }
                p {
                    "台账、修改记录里都没有了。照片文件或者数据文件的日志里还有残留，多半是正在备份，或者有人正在读。"
                    "服务器开着，过几分钟会自己再清；不用再抹一次。"
                }
                p { a.button href=(to) { "知道了" } }
            }
        },
    )
}
