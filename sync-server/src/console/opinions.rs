//! 意见建议: what villagers said, verbatim, as a list. Under a withheld name stand the village and the month
//! alone: no household, no visit, no cadre, no day by which one could be found.

use super::{
    ConsoleState, Content, Page, PageError, Room, Today,
    download::{self, Listed},
    erase, history,
    naming::{self, Fate},
    parts::{self, Paging, empty, filter_end, filtered, kind_tag, pager, search_box, select, village_select},
    request::SignedIn,
    scope,
};
use crate::{
    auth::Session,
    export::{Conditions, Named, OPINIONS, Table, VISIT_VOID, is_void, month, speaker, topic_name, words},
    storage::StorageError,
};
use axum::extract::{Query, State};
use lianxin_shared::{
    domain::{
        Coded,
        opinion::{Opinion, OpinionKind},
    },
    sqlite::read_row,
    templates::templates,
};
use maud::{Markup, html};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

const PATH: &str = "/console/opinions";
/// In the address: opinions that nobody has sorted under a topic.
const UNSORTED: &str = "none";

/// As it stands in the address; an empty field does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct OpinionFilter {
    kind: String,
    category: String,
    village: String,
    /// The day on which a phone sent something of it, `YYYY-MM-DD`.
    received: String,
    q: String,
    page: String,
}

impl OpinionFilter {
    fn is_active(&self) -> bool {
        *self != OpinionFilter { page: self.page.clone(), ..OpinionFilter::default() }
    }

    fn ids(&self, db: &Connection) -> Result<Vec<Uuid>, StorageError> {
        let mut all = Conditions::default();
        all.text("o.kind = ?", &self.kind);
        all.text("o.village = ?", &self.village);
        match self.category.as_str() {
            UNSORTED => all.add("o.category = ''", []),
            "" => {}
            // A topic holds those beneath it: 形式主义 is one of “四风”.
            code => all.add(
                "o.category IN (SELECT value FROM json_each(?))",
                [scope::json_list(&templates().topics_under(code).collect::<Vec<_>>())?.into()],
            ),
        }
        if !self.received.is_empty() {
            // A day would lead to who spoke under no name.
            all.add("o.anonymous = 0", []);
            all.received(db, "o", &self.received)?;
        }
        all.says("o", &self.q);
        all.ids(db, "SELECT o.id FROM opinion o", ORDER)
    }
}

/// The newest first. What was said under a withheld name stands at the beginning of its month and in no order of time:
/// between two dated ones its place would tell its day.
const ORDER: &str = "CASE WHEN o.anonymous
    THEN unixepoch(o.occurred_at / 1000, 'unixepoch', '+8 hours', 'start of month', '-8 hours') * 1000
    ELSE o.occurred_at END DESC,
  CASE WHEN o.anonymous THEN substr(o.id, 13) ELSE o.id END, o.id";

impl Listed for OpinionFilter {
    const TABLE: &'static Table = &OPINIONS;

    fn chosen(&self, db: &Connection, _now_ms: i64) -> Result<Vec<Uuid>, PageError> {
        Ok(self.ids(db)?)
    }

    fn described(&self, db: &Connection) -> Result<String, PageError> {
        let mut words: Vec<String> = Named::Village.of(db, &self.village)?.into_iter().collect();
        words.extend(OpinionKind::from_code(&self.kind).map(|kind| kind.label().to_owned()));
        words.extend(match self.category.as_str() {
            "" => None,
            UNSORTED => Some(topic_name("").to_owned()),
            code => Some(topic_name(code).to_owned()),
        });
        words.extend((!self.received.is_empty()).then(|| format!("{} 收到的记名的", self.received)));
        words.extend(parts::holding(&self.q));
        Ok(words.join("、"))
    }
}

/// `GET /console/opinions`
pub(super) async fn list(
    State(state): State<ConsoleState>,
    SignedIn(session): SignedIn,
    Query(filter): Query<OpinionFilter>,
) -> Result<Page, PageError> {
    let owner = session.clone();
    state.page(session, Room::Opinions, move |db, today| content(db, today, &filter, &owner)).await
}

fn content(
    db: &Connection,
    today: Today,
    filter: &OpinionFilter,
    session: &Session,
) -> Result<Content, PageError> {
    let villages = scope::villages(db)?;
    let ids = filter.ids(db)?;
    let paging = Paging::new(ids.len(), &filter.page);
    let void = OPINIONS.apart.as_ref().map(|apart| apart.count(db, &ids)).transpose()?.unwrap_or_default();
    let mut said = Vec::new();
    for id in paging.slice(&ids) {
        if let Some(row) = read_row(db, *id)? {
            let opinion = Opinion::from_fields(&row.values());
            let speaker = if opinion.anonymous { None } else { Some(speaker(db, &opinion)?) };
            let mark = is_void(db, *id)?.then_some(VISIT_VOID);
            let lost = match opinion.visit.filter(|_| !opinion.anonymous) {
                Some(visit) if read_row(db, visit)?.is_none() => Some(naming::fate(db, visit)?),
                _ => None,
            };
            said.push(Said { id: row.id, village: row.village, opinion, speaker, mark, lost });
        }
    }
    let body = html! {
        (filters(&villages, filter))
        section.card.list {
            @if said.is_empty() { (nothing(filter)) } @else {
                ol.said { @for one in &said {
                    li.void[one.mark.is_some()] {
                        (entry(one, session, scope::village_name(&villages, &one.village), today.now_ms))
                    }
                } }
            }
        }
        (pager(paging, |page| filtered(PATH, &OpinionFilter { page, ..filter.clone() })))
        @if !filter.received.is_empty() { p.foot { "不记名的不按收到的日子列：一列就看得出是谁说的。" } }
        p.foot { "要求不记名的，只写到村和月份：不显示是哪一户、哪次走访、谁听到的，导出的台账里也没有。" }
    };
    Ok(Content {
        title: "意见建议".to_owned(),
        subtitle: counted(paging.total, void),
        aside: Some(download::buttons(PATH, &OpinionFilter { page: String::new(), ..filter.clone() })),
        body,
    })
}

/// 共 10 条，另有走访已作废的 2 条
fn counted(all: usize, void: usize) -> String {
    let counted = parts::total(all - void, "条");
    if void > 0 { format!("{counted}，另有{VISIT_VOID}的 {void} 条") } else { counted }
}

fn filters(villages: &BTreeMap<String, String>, filter: &OpinionFilter) -> Markup {
    let kinds = OpinionKind::ALL.iter().map(|kind| (kind.code(), kind.label()));
    let topics = templates().topics.iter().map(|topic| (topic.code.as_str(), topic.name.as_str()));
    html! {
        form.filter method="get" action=(PATH) data-filter {
            (search_box("查找", "原话里的字", &filter.q))
            (village_select(villages, &filter.village))
            (parts::received_on(&filter.received))
            (select("类型", "kind", "全部", kinds, &filter.kind))
            (select("类别", "category", "全部", topics.chain([(UNSORTED, "未归类")]), &filter.category))
            (filter_end(PATH, filter.is_active()))
        }
    }
}

fn nothing(filter: &OpinionFilter) -> Markup {
    if filter.is_active() {
        empty("没有符合的意见建议", html! { "换个条件，或者 " a href=(PATH) { "看全部" } "。" })
    } else {
        empty("还没有收到意见建议", html! { "干部在走访里把群众的话照原样写下、同步之后，这里就有了。" })
    }
}

/// One opinion of the list.
struct Said {
    id: Uuid,
    village: String,
    opinion: Opinion,
    /// None if the name is withheld.
    speaker: Option<String>,
    /// That its visit is void.
    mark: Option<&'static str>,
    /// What became of its visit, if that does not stand.
    lost: Option<Fate>,
}

fn entry(one: &Said, session: &Session, village: &str, now_ms: i64) -> Markup {
    let Said { id, opinion, speaker, mark, lost, .. } = one;
    html! {
        blockquote {
            p { (opinion.text) }
            footer {
                (kind_tag(opinion.kind)) " "
                span { (topic_name(&opinion.category)) }
                @if opinion.immediate { span.st.ok { "立行立改" } }
                @if let Some(mark) = mark { span.st.wait { (mark) } }
                @match lost {
                    Some(Fate::Waits(_)) => span.st.wait { "那次走访还没收下" },
                    Some(Fate::Refused(_, why)) => {
                        span.st.wait { "那次走访没有收下" } @if !why.is_empty() { span { "缘故：" (why) } }
                    },
                    None => {},
                }
                span.gap {}
                @match speaker {
                    Some(speaker) => {
                        span { (village) " " (speaker) }
                        @match opinion.visit {
                            Some(visit) if lost.is_some() => a href=(history::href(visit)) { (at(opinion, now_ms)) },
                            Some(visit) => a href={ "/console/visits/" (visit) } { (at(opinion, now_ms)) },
                            None => span { (at(opinion, now_ms)) },
                        }
                        span { (opinion.visitor_name) "听到" }
                        a href=(history::href(*id)) { "修改记录" }
                        (erase::link(*id))
                    },
                    None => {
                        span.st.info { "不记名" } span { (village) }
                        span { (opinion.occurred_at.map(month).unwrap_or_default()) }
                        a.quiet href=(erase::href_withheld(*id, session)) { "依法抹去" }
                    },
                }
            }
        }
    }
}

fn at(opinion: &Opinion, now_ms: i64) -> String {
    opinion.occurred_at.map(|at| words::day(at, now_ms)).unwrap_or_default()
}
