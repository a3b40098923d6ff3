//! 总览: where the campaign stands. Coverage leads to the households still to be visited; nobody is ranked.

mod coverage;
mod figures;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    parts::{address, empty},
    request::SignedIn,
    scope::{self, Campaign},
};
use crate::export::{topic_name, words};
use axum::extract::State;
use coverage::Matrix;
use figures::{Figures, Latest};
use lianxin_shared::{domain::coverage::Coverage, templates::templates};
use maud::{Markup, html};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// A phone that has not synced for so long is marked, milliseconds.
#[allow(non_upper_case_globals)]
pub(super) const silent_ms_max: i64 = 3 * words::day_ms;

/// `GET /console`
pub(super) async fn show(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
) -> Result<Page, PageError> {
    state.page(session, Room::Overview, content).await
}

fn content(db: &Connection, today: Today) -> Result<Content, PageError> {
    let now_ms = today.now_ms;
    let villages = scope::villages(db)?;
    let campaign = scope::campaign(db, now_ms)?;
    let figures = figures::read(db, campaign.as_ref(), now_ms)?;
    let matrix = campaign.as_ref().map(|campaign| coverage::read(db, campaign)).transpose()?;
    let body = html! {
        (key_figures(&figures, matrix.as_ref(), &words::iso_day(now_ms)))
        (explained(&figures, matrix.as_ref()))
        div.two.wide-left {
            (coverage_card(&villages, campaign.as_ref(), matrix.as_ref()))
            (topics_card(&figures))
        }
        div.two.wide-left {
            (latest_card(&figures.latest, &villages, now_ms))
            (devices_card(&figures, now_ms))
        }
    };
    Ok(Content {
        title: "总览".to_owned(),
        subtitle: subtitle(campaign.as_ref(), villages.len(), now_ms),
        aside: figures.today.last_ms.map(|last| {
            html! { span.live { "● " (words::clock(last)) " 收到新记录" } }
        }),
        body,
    })
}

fn subtitle(campaign: Option<&Campaign>, villages: usize, now_ms: i64) -> String {
    let township = format!("全镇 {villages} 个村");
    match campaign {
        Some(campaign) => format!("{} · {township}", campaign.describe(now_ms)),
        None => township,
    }
}

fn figure(number: &str, label: &str, detail: Markup, href: &str) -> Markup {
    html! { a.figure href=(href) { b { (number) } span { (label) } small { (detail) } } }
}

/// 今天收到, each kind with its list.
fn today_figure(today: &figures::Today, day: &str) -> Markup {
    let kinds = [
        ("走访", today.visits, "/console/visits"),
        ("意见", today.opinions, "/console/opinions"),
        ("手记", today.diary, "/console/diary"),
    ];
    html! {
        div.figure {
            b { (words::count(today.visits + today.opinions + today.diary)) } span { "今天收到" }
            small {
                @for (at, (kind, count, path)) in kinds.iter().enumerate() {
                    @if at > 0 { " · " }
                    @if *count > 0 { a href=(address(path, &[("received", day)])) { (kind) " " (count) } }
                    @else { (kind) " 0" }
                }
                @if today.held > 0 { " · " a href="/console/held" { "待收下 " (today.held) } }
            }
        }
    }
}

fn key_figures(figures: &Figures, matrix: Option<&Matrix>, day: &str) -> Markup {
    let must = matrix.map(|matrix| matrix.must_visit).filter(|must| must.total > 0);
    let percent = must.map_or_else(|| "—".to_owned(), |must| format!("{}%", must.percent()));
    let kinds = figures.kinds.iter().filter(|(_, count)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{kind} {}", words::count(*count))).collect();
    html! {
        div.figures {
            (figure(&words::count(figures.met), "走访户次", html! {
                @if figures.absent > 0 { "另有 " (words::count(figures.absent)) " 次无人在家" }
                @else { "见到人的才算" }
            }, "/console/visits?state=household"))
            (figure(&percent, "必访到户", html! {
                @match must {
                    Some(must) if must.left() > 0 => {
                        (words::count(as_i64(must.total))) " 户中到了 " (words::count(as_i64(must.covered))) " 户，"
                        em { "还有 " (words::count(as_i64(must.left()))) " 户" }
                    },
                    Some(_) => "必访的户都到了",
                    None => "还没有必访对象",
                }
            }, "/console/households?must=1&visited=no"))
            (figure(&words::count(figures.opinions), "意见建议", html! {
                @if kinds.is_empty() { "还没有收到" }
                @for (at, kind) in kinds.iter().enumerate() { @if at > 0 { " · " } span { (kind) } }
            }, "/console/opinions"))
            (today_figure(&figures.today, day))
            (figure(&words::count(as_i64(figures.devices.len())), "在用设备", html! {
                @if figures.silent == 0 { "三天内都同步过" } @else { em { (figures.silent) " 台三天没同步" } }
            }, "/console/staff"))
        }
    }
}

/// How the figures belong together, so that nobody has to guess why two of them differ.
fn explained(figures: &Figures, matrix: Option<&Matrix>) -> Markup {
    let count = |number: i64| words::count(number);
    let ledger = figures.met + figures.places + figures.absent + figures.elsewhere;
    html! {
        ul.foot.sums {
            li {
                "走访台账 " (count(ledger)) " 条 = 走访到户 " (count(figures.met)) " + 走访学校、企业等 " (count(figures.places))
                " + 无人在家 " (count(figures.absent))
                @if figures.elsewhere > 0 { " + 不属于本次活动 " (count(figures.elsewhere)) }
                "。" @if figures.void > 0 { "作废的 " (count(figures.void)) " 条不计。" }
            }
            li {
                "户册 " (count(figures.registered)) " 户在册。"
                @if figures.off_register > 0 { "迁出、销户、并户的 " (count(figures.off_register)) " 户不计，也不算必访。" }
                @if matrix.is_some_and(|matrix| !matrix.cells.is_empty()) {
                    "一户有几类对象的，下表每类各算一次，“必访到户”里只算一户，所以各列相加会多出来。"
                }
            }
            @if figures.void_opinions > 0 {
                li { "走访作废的意见建议 " (count(figures.void_opinions)) " 条不计，在“意见建议”里标着；不记名的连不到走访，照旧计入。" }
            }
            @if figures.opinions_elsewhere > 0 {
                li { "意见建议按活动期间算；活动以外还有 " (count(figures.opinions_elsewhere)) " 条。" }
            }
        }
    }
}

fn as_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The colour of a cell by how much is covered; the numbers in it say the same.
fn heat(coverage: Coverage) -> &'static str {
    match coverage.percent() {
        100 => "h3",
        75.. => "h2",
        40.. => "h1",
        _ => "h0",
    }
}

fn coverage_card(
    villages: &BTreeMap<String, String>,
    campaign: Option<&Campaign>,
    matrix: Option<&Matrix>,
) -> Markup {
    let filled = matrix.filter(|matrix| !matrix.cells.is_empty());
    html! {
        section.card {
            h2 { "必访到户：村 × 对象" @if filled.is_some() { span { "点一格，看还没到的户" } } }
            @match (campaign, filled) {
                (Some(_), Some(matrix)) => div.scroll { (coverage_table(villages, matrix)) },
                (Some(_), None) => (empty("户册里还没有必访对象",
                    html! { "在户册导入表里写上户类型（困难户、残疾人、老党员……），或由干部在手机上给户加类别。" })),
                (None, _) => (empty("现在没有活动",
                    html! { "没有活动就没有必访对象；走访照常收、照常进台账。" })),
            }
        }
    }
}

fn coverage_table(villages: &BTreeMap<String, String>, matrix: &Matrix) -> Markup {
    html! {
        table.heat {
            thead { tr {
                th scope="col" { "村" }
                @for category in &matrix.categories {
                    th scope="col" { (templates().category_name(category)) }
                }
            } }
            tbody { @for village in matrix.villages() {
                tr {
                    th scope="row" { (scope::village_name(villages, village)) }
                    @for category in &matrix.categories { (coverage_cell(matrix, village, category)) }
                }
            } }
            tfoot { tr {
                th scope="row" { "全镇" }
                @for category in &matrix.categories {
                    @let whole = matrix.whole(category);
                    td { (whole.covered) "/" (whole.total) }
                }
            } }
        }
    }
}

fn coverage_cell(matrix: &Matrix, village: &str, category: &str) -> Markup {
    let Some(cell) = matrix.cells.get(&(village.to_owned(), category.to_owned())) else {
        return html! { td.none { "–" } };
    };
    let left = [("village", village), ("category", category), ("visited", "no")];
    let all = [("village", village), ("category", category)];
    let href = address("/console/households", if cell.left() > 0 { &left } else { &all });
    let title = format!("{}：还有 {} 户没到", templates().category_name(category), cell.left());
    html! {
        td class=(heat(*cell)) { a href=(href) title=(title) { (cell.covered) "/" (cell.total) } }
    }
}

fn topics_card(figures: &Figures) -> Markup {
    let most = figures.topics.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    html! {
        section.card {
            h2 { "群众在说什么" @if !figures.topics.is_empty() { a href="/console/opinions" { "全部 ›" } } }
            @if figures.topics.is_empty() {
                (empty("还没有意见建议", html! { "干部在走访里照原话写下、同步之后，这里按类别汇总。" }))
            } @else {
                div.bars { @for (code, count) in &figures.topics {
                    a href=(address("/console/opinions", &[("category", if code.is_empty() { "none" } else { code })])) {
                        span { (topic_name(code)) }
                        svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true" {
                            rect width=((count * 100 / most).max(1)) height="14" {}
                        }
                        b { (words::count(*count)) }
                    }
                } }
                @if figures.other_topics > 0 {
                    p.foot { "其余各类和未归类的，合计 " (words::count(figures.other_topics)) " 条。" }
                }
            }
        }
    }
}

fn latest_card(latest: &[Latest], villages: &BTreeMap<String, String>, now_ms: i64) -> Markup {
    html! {
        section.card {
            h2 { "最近的走访" @if !latest.is_empty() { a href="/console/visits" { "台账 ›" } } }
            @if latest.is_empty() {
                (empty("还没有收到走访", html! { "先在 " a href="/console/staff" { "干部与设备" }
                    " 里给干部生成登记码；干部在手机上走访、同步，这里就有了。" }))
            } @else {
                div.scroll { table.rows {
                    thead { tr { th { "时间" } th { "走访了谁" } th { "主要情况" } th { "干部" } } }
                    tbody { @for visit in latest { tr {
                        td.nowrap { (words::minute(visit.occurred_at, now_ms)) }
                        td.nowrap { a href={ "/console/visits/" (visit.id) } { (visit.target) }
                            " " small { (scope::village_name(villages, &visit.village)) } }
                        td.words { @if visit.absent { span.st.wait { "无人在家" } } @else { (visit.notes) } }
                        td.nowrap { (visit.visitor) }
                    } } }
                } }
            }
        }
    }
}

fn devices_card(figures: &Figures, now_ms: i64) -> Markup {
    html! {
        section.card {
            h2 { "设备最近同步" a href="/console/staff" { "干部与设备 ›" } }
            @if figures.devices.is_empty() {
                (empty("还没有手机登记", html! { "在 " a href="/console/staff" { "干部与设备" } " 里生成登记码。" }))
            } @else {
                ul.syncs { @for device in figures.devices.iter().take(figures::devices_shown_max) { li {
                    span { (device.cadre_name) " " small { (device.name) } }
                    (last_sync(device.last_sync_at_ms, now_ms))
                } } }
            }
        }
    }
}

/// When a phone last synced, marked if that is long ago.
pub(super) fn last_sync(at_ms: Option<i64>, now_ms: i64) -> Markup {
    html! {
        @match at_ms {
            None => span.st.wait { "还没同步过" },
            Some(at) if now_ms - at > silent_ms_max => span.st.wait { (words::ago(at, now_ms)) },
            Some(at) => span.st.ok { (words::ago(at, now_ms)) },
        }
    }
}
