//! 户册: the households, searched and filtered; one household with its members and its whole story.

mod filter;
mod household;
mod merge;
mod moving;

use super::{
    ConsoleState, Content, Page, PageError, Room, Today, download,
    ledger::PageNumber,
    parts::{
        self, Paging, category_select, empty, filter_end, filtered, pager, search_box, select, village_select,
    },
    request::SignedIn,
    scope::{self, Campaign},
};
use crate::export::{categories_of, last_met, words};
use axum::extract::{Query, State};
use lianxin_shared::{
    domain::{Coded, household::Standing},
    sqlite::IS_PRESENT,
};
use maud::{Markup, html};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) use filter::HouseholdFilter;
pub(super) use household::show;
pub(super) use merge::{merge, show as merging, unmerge};
pub(super) use moving::send;

const PATH: &str = "/console/households";

/// A household in the list.
struct Line {
    id: Uuid,
    village: String,
    head: String,
    group: String,
    door: String,
    phone: String,
    population: i64,
    categories: Vec<String>,
    /// Whether it is on the register.
    standing: Standing,
    /// The last visit at which somebody was met, of any campaign, Unix milliseconds.
    last_met: Option<i64>,
}

/// `GET /console/households`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(filter): Query<HouseholdFilter>,
    Query(page): Query<PageNumber>,
) -> Result<Page, PageError> {
    state.page(session, Room::Households, move |db, today| content(db, today, &filter, &page.page)).await
}

fn content(
    db: &Connection,
    today: Today,
    filter: &HouseholdFilter,
    page: &str,
) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let campaign = scope::campaign(db, today.now_ms)?;
    let ids = filter.ids(db, campaign.as_ref())?;
    let paging = Paging::new(ids.len(), page);
    let mut lines = Vec::new();
    for id in paging.slice(&ids) {
        lines.extend(read_line(db, *id)?);
    }
    let body = html! {
        (filters(&villages, campaign.as_ref(), filter))
        @if lines.is_empty() { section.card { (nothing(filter)) } } @else {
            section.card.list {
                div.scroll { table.rows {
                    thead { tr {
                        th scope="col" { "村、组" } th scope="col" { "户主" } th scope="col" { "门牌" }
                        th scope="col" { "类别" } th.number scope="col" { "人口" } th scope="col" { "电话" }
                        th scope="col" { "最近走访" }
                    } }
                    tbody { @for line in &lines { (row(line, &villages, today.now_ms)) } }
                } }
            }
            (pager(paging, |page| filtered(PATH, &filter.at_page(page))))
        }
    };
    let aside = download::buttons(PATH, &filter.at_page(String::new()));
    let mut subtitle = parts::total(paging.total, "户");
    if !filter.is_active() {
        let off: i64 =
            db.query_row(&format!("SELECT count(*) FROM household h WHERE NOT {IS_PRESENT}"), [], |row| {
                row.get(0)
            })?;
        if off > 0 {
            subtitle.push_str(&format!("在册，迁出、销户、并户的 {} 户不在内", words::count(off)));
        }
    }
    Ok(Content { title: "户册".to_owned(), subtitle, aside: Some(aside), body })
}

fn filters(
    villages: &BTreeMap<String, String>,
    campaign: Option<&Campaign>,
    filter: &HouseholdFilter,
) -> Markup {
    let register = [("off", "迁出、销户、并户的"), ("all", "全部")];
    let visited = [("no", "还没走访到"), ("yes", "走访到了")];
    html! {
        form.filter method="get" action=(PATH) data-filter {
            (search_box("查找", "户主、成员、拼音首字母、组、门牌、电话", &filter.q))
            (village_select(villages, &filter.village))
            (category_select(&filter.category))
            (select("在册", "register", "在册的", register, &filter.register))
            @if let Some(campaign) = campaign {
                (select("本次活动", "visited", "全部", visited, &filter.visited))
                @if !campaign.categories().is_empty() {
                    label.check {
                        input type="checkbox" name="must" value="1" checked[!filter.must.is_empty()];
                        span { "只看必访对象" }
                    }
                }
            }
            (filter_end(PATH, filter.is_active()))
        }
    }
}

fn nothing(filter: &HouseholdFilter) -> Markup {
    if filter.is_active() {
        let word =
            if filter.visited == "no" { "这里没有还没走访到的户" } else { "没有符合的户" };
        empty(word, html! { "换个条件，或者 " a href=(PATH) { "看全部" } "。" })
    } else {
        empty(
            "户册还是空的",
            html! { "请管理员在服务器上运行 " code { "lianxin-server import households" }
            "，把镇里的 Excel 户表导进来；干部也能在手机上逐户添加。" },
        )
    }
}

fn read_line(db: &Connection, id: Uuid) -> Result<Option<Line>, PageError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT village, head, grp, door, phone, population,
           CASE WHEN {IS_PRESENT} THEN '' ELSE standing END
         FROM household h WHERE id = ?1"
    ))?;
    let line = statement.query_row([id.as_bytes()], |row| {
        Ok(Line {
            id,
            village: row.get(0)?,
            head: row.get(1)?,
            group: row.get(2)?,
            door: row.get(3)?,
            phone: row.get(4)?,
            population: row.get(5)?,
            categories: Vec::new(),
            last_met: None,
            standing: Standing::from_code(&row.get::<_, String>(6)?).unwrap_or_default(),
        })
    });
    let Some(mut line) = line.optional()? else { return Ok(None) };
    line.categories = categories_of(db, id)?;
    line.last_met = last_met(db, id)?;
    Ok(Some(line))
}

fn row(line: &Line, villages: &BTreeMap<String, String>, now_ms: i64) -> Markup {
    html! {
        tr.void[line.standing != Standing::Present] {
            td.nowrap { (scope::village_name(villages, &line.village)) " " small { (line.group) } }
            td.nowrap {
                a href={ (PATH) "/" (line.id) } { (parts::name_or(&line.head)) }
                @if line.standing != Standing::Present { " " span.st.wait { (line.standing.label()) } }
            }
            td.nowrap { (line.door) }
            td { (parts::tags(&line.categories)) }
            td.number { @if line.population > 0 { (line.population) } @else { span.faint { "–" } } }
            td.nowrap { (line.phone) }
            td.nowrap {
                @match line.last_met {
                    Some(at) => (words::day(at, now_ms)),
                    None => span.faint { "还没走访到" },
                }
            }
        }
    }
}
