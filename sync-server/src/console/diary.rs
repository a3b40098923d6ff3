//! 手记: what cadres wrote day by day (S3 “每天要撰写蹲点手记”). Read here, never judged here.

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    download::{self, Listed},
    erase, history,
    parts::{self, Paging, empty, filter_end, filtered, pager, search_box, select, village_select},
    photos::{Photo, photos_of, strip},
    request::SignedIn,
    scope,
};
use crate::{
    auth::list_cadres,
    export::{Conditions, DIARY, Named, Table, words},
    storage::StorageError,
};
use axum::extract::{Query, State};
use lianxin_shared::{domain::diary::Diary, sqlite::read_row};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const PATH: &str = "/console/diary";
/// Longer entries are folded to this many characters.
#[allow(non_upper_case_globals)]
const folded_chars_max: usize = 180;

/// As it stands in the address; an empty field does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DiaryFilter {
    cadre: String,
    village: String,
    /// The day on which a phone sent something of it, `YYYY-MM-DD`.
    received: String,
    q: String,
    page: String,
}

impl DiaryFilter {
    fn is_active(&self) -> bool {
        *self != DiaryFilter { page: self.page.clone(), ..DiaryFilter::default() }
    }

    fn ids(&self, db: &Connection) -> Result<Vec<Uuid>, StorageError> {
        let mut all = Conditions::default();
        all.text("d.cadre = ?", &self.cadre);
        all.text("d.village = ?", &self.village);
        all.received(db, "d", &self.received)?;
        all.says("d", &self.q);
        all.ids(db, "SELECT d.id FROM diary d", "d.day DESC, d.id")
    }
}

impl Listed for DiaryFilter {
    const TABLE: &'static Table = &DIARY;

    fn chosen(&self, db: &Connection, _now_ms: i64) -> Result<Vec<Uuid>, PageError> {
        Ok(self.ids(db)?)
    }

    fn described(&self, db: &Connection) -> Result<String, PageError> {
        let mut words: Vec<String> = Named::Cadre.of(db, &self.cadre)?.into_iter().collect();
        words.extend(Named::Village.of(db, &self.village)?);
        words.extend((!self.received.is_empty()).then(|| format!("{} 收到的", self.received)));
        words.extend(parts::holding(&self.q));
        Ok(words.join("、"))
    }
}

/// `GET /console/diary`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(filter): Query<DiaryFilter>,
) -> Result<Page, PageError> {
    state.page(session, Room::Diary, move |db, today| content(db, today, &filter)).await
}

fn content(db: &Connection, today: Today, filter: &DiaryFilter) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let cadres = list_cadres(db)?;
    let ids = filter.ids(db)?;
    let paging = Paging::new(ids.len(), &filter.page);
    let mut entries = Vec::new();
    for id in paging.slice(&ids) {
        if let Some(row) = read_row(db, *id)? {
            let entry = Diary::from_fields(&row.values());
            let photos = photos_of(db, &row)?;
            entries.push((row.id, scope::village_name(&villages, &row.village).to_owned(), entry, photos));
        }
    }
    let names = cadres.iter().map(|cadre| (cadre.id.as_str(), cadre.name.as_str()));
    let body = html! {
        form.filter method="get" action=(PATH) data-filter {
            (search_box("查找", "手记里的字", &filter.q))
            (select("干部", "cadre", "全部", names, &filter.cadre))
            (village_select(&villages, &filter.village))
            (parts::received_on(&filter.received))
            (filter_end(PATH, filter.is_active()))
        }
        section.card.list {
            @if entries.is_empty() { (nothing(filter)) } @else {
                ol.pages { @for (id, village, page, photos) in &entries {
                    li { (entry(*id, village, page, photos, today.now_ms)) }
                } }
            }
        }
        (pager(paging, |page| filtered(PATH, &DiaryFilter { page, ..filter.clone() })))
    };
    let aside = download::buttons(PATH, &DiaryFilter { page: String::new(), ..filter.clone() });
    let subtitle = parts::total(paging.total, "篇");
    Ok(Content { title: "手记".to_owned(), subtitle, aside: Some(aside), body })
}

fn nothing(filter: &DiaryFilter) -> Markup {
    if filter.is_active() {
        empty("没有符合的手记", html! { "换个条件，或者 " a href=(PATH) { "看全部" } "。" })
    } else {
        empty("还没有收到手记", html! { "干部在手机“手记”里写下、同步之后，这里就有了。" })
    }
}

fn entry(id: Uuid, village: &str, page: &Diary, photos: &[Photo], now_ms: i64) -> Markup {
    let long = page.text.chars().count() > folded_chars_max;
    html! {
        div.when {
            b { (words::day_of(&page.date, now_ms)) } " " (page.cadre_name) " " small { (village) } " "
            a.quiet href=(history::href(id)) { "修改记录" } " " (erase::link(id))
        }
        @if page.text.trim().is_empty() { p.faint { "这一页还是空的。" } }
        @else if long {
            details {
                summary { (words::excerpt(&page.text, folded_chars_max)) " " span { "展开全文" } }
                p.verbatim { (page.text) }
            }
        } @else { p.verbatim { (page.text) } }
        (strip(photos))
    }
}
