//! Drafts of visits: kept at every change, turned into patches at 完成.

use super::{
    DraftRow, Edit, Loaded, OpenDraft, StoreError, VisitPage, VisitTarget, amend,
    campaign::Running,
    db_error,
    draft::{OpinionDraft, VisitDraft},
    erase, erase_draft, households, photos, records,
};
use crate::ids::new_id;
use lianxin_shared::{
    domain::Coded,
    domain::{
        checklist,
        household::Household,
        opinion::{self, Opinion},
        photo::{self, Photo},
        visit::{NAME_SEPARATOR, TargetKind, Visit, VisitMode},
    },
    replica::{Base, Clock, FieldSet, Value, kind},
    sqlite::uuid_at,
    templates::templates,
};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Earlier visits that are looked at for the last answers.
#[allow(non_upper_case_globals)]
const last_visits_max: usize = 10;
/// Names offered as companions.
#[allow(non_upper_case_globals)]
const companions_offered_max: usize = 6;

fn fresh_id(now_ms: i64) -> Result<Uuid, StoreError> {
    new_id(now_ms).map_err(|e| StoreError::Broken(e.to_string()))
}

/// Opens the household's draft, or begins one.
pub(super) fn start(db: &Connection, target: VisitTarget, now_ms: i64) -> Result<VisitDraft, StoreError> {
    let mut draft = VisitDraft {
        id: fresh_id(now_ms)?,
        mode: VisitMode::default().code().to_owned(),
        occurred_ms: now_ms,
        started_ms: now_ms,
        updated_ms: now_ms,
        ..VisitDraft::default()
    };
    match target {
        VisitTarget::Household(id) => {
            if let Some(open) = of_household(db, id)? {
                return read(db, open);
            }
            erase::refuse_gone(db, kind::HOUSEHOLD, id)?;
            let row = records::shown(db, id)?.ok_or(StoreError::NotFound)?;
            draft.village = row.village.clone();
            draft.household = Some(id);
            draft.target_kind = TargetKind::Household.code().to_owned();
            draft.target_name = match erase_draft::is_nameless(db, Some(id))? {
                true => erase_draft::NO_NAME.to_owned(),
                false => Household::from_fields(&row.values()).head,
            };
            let tags = tags_of(db, id)?;
            draft.checklists = templates().versions_for(tags.iter().map(String::as_str));
        }
        VisitTarget::Other { kind, name, village } => {
            (draft.target_kind, draft.target_name, draft.village) = (kind, name, village);
        }
    }
    keep(db, &draft)?;
    Ok(draft)
}

pub(super) fn tags_of(db: &Connection, household: Uuid) -> Result<Vec<String>, StoreError> {
    db.prepare_cached("SELECT DISTINCT category FROM tag WHERE household = ?1 ORDER BY category")
        .and_then(|mut s| s.query_map([household.as_bytes()], |row| row.get(0))?.collect())
        .map_err(db_error)
}

/// The names of a household's members by the category that they carry.
fn bearers(db: &Connection, household: Uuid) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let mut statement = db
        .prepare_cached(
            "SELECT t.category, p.name FROM tag t JOIN person p ON p.id = t.record
             WHERE t.household = ?1 AND p.name <> '' ORDER BY t.category, p.id",
        )
        .map_err(db_error)?;
    let named = statement
        .query_map([household.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect::<Result<Vec<(String, String)>, _>>)
        .map_err(db_error)?;
    let mut bearers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (category, name) in named {
        bearers.entry(category).or_default().push(name);
    }
    Ok(bearers)
}

/// Keeps a draft.
pub(super) fn keep(db: &Connection, draft: &VisitDraft) -> Result<(), StoreError> {
    let body = serde_json::to_string(draft).map_err(|e| StoreError::Broken(e.to_string()))?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO draft (id, household, title, body, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut s| {
        s.execute(params![
            draft.id.as_bytes(),
            draft.household.map(Uuid::into_bytes),
            draft.target_name,
            body,
            draft.updated_ms
        ])
    })
    .map_err(db_error)?;
    photos::note_draft(db, draft)
}

/// One draft.
pub(super) fn read(db: &Connection, id: Uuid) -> Result<VisitDraft, StoreError> {
    find(db, id)?.ok_or(StoreError::NotFound)
}

/// One draft, if it is there.
pub(super) fn find(db: &Connection, id: Uuid) -> Result<Option<VisitDraft>, StoreError> {
    let body: Option<String> = db
        .prepare_cached("SELECT body FROM draft WHERE id = ?1")
        .and_then(|mut s| s.query_row([id.as_bytes()], |row| row.get(0)).optional())
        .map_err(db_error)?;
    body.map(|body| serde_json::from_str(&body).map_err(|e| StoreError::Broken(e.to_string()))).transpose()
}

pub(super) fn discard(db: &Connection, id: Uuid) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM draft WHERE id = ?1")
        .and_then(|mut s| s.execute([id.as_bytes()]))
        .map_err(db_error)?;
    photos::forget_draft(db, id)
}

/// The visit of a household that is being written; the correction of a finished one is no new visit.
pub(super) fn of_household(db: &Connection, household: Uuid) -> Result<Option<Uuid>, StoreError> {
    db.prepare_cached(
        "SELECT id FROM draft WHERE household = ?1 AND json_extract(body, '$.amends') IS NULL
         ORDER BY updated_at DESC LIMIT 1",
    )
    .and_then(|mut s| s.query_row([household.as_bytes()], |row| uuid_at(row, "id")).optional())
    .map_err(db_error)
}

pub(super) fn list(db: &Connection) -> Result<Vec<DraftRow>, StoreError> {
    db.prepare_cached(
        "SELECT id, title, updated_at, coalesce(json_extract(body, '$.step'), 0) AS step,
           json_extract(body, '$.amends') IS NOT NULL AS amends
         FROM draft ORDER BY updated_at DESC",
    )
    .and_then(|mut s| {
        s.query_map([], |row| {
            Ok(DraftRow {
                id: uuid_at(row, "id")?,
                title: row.get("title")?,
                updated_ms: row.get("updated_at")?,
                step: row.get("step")?,
                amends: row.get("amends")?,
            })
        })?
        .collect()
    })
    .map_err(db_error)
}

/// A draft with what its screens need.
pub(super) fn open(
    db: &Connection,
    draft: VisitDraft,
    running: &Running,
    cadre: &str,
) -> Result<OpenDraft, StoreError> {
    let (mut last_answers, mut last_visit_ms, mut household) = (BTreeMap::new(), None, None);
    if let Some(id) = draft.household {
        household = households::line(db, id, running)?;
        last_visit_ms = household.as_ref().and_then(|line| line.last_visit_ms);
        // What a correction starts from is this visit's own answers.
        if draft.amends.is_none() {
            last_answers = answers_before(db, id, &draft)?;
        }
    }
    let said = if draft.amends.is_some() { opinions_of(db, draft.id)? } else { Vec::new() };
    Ok(OpenDraft {
        said,
        companions_before: companions_before(db, cadre)?,
        erased: erase::fields(db, draft.id)?,
        household_erased: draft
            .household
            .map(|id| erase::of(db, id))
            .transpose()?
            .is_some_and(|it| it.is_whole()),
        bearers: draft.household.map(|id| bearers(db, id)).transpose()?.unwrap_or_default(),
        draft,
        answers_of: last_answers.iter().map(|(name, (visit, _))| (name.clone(), *visit)).collect(),
        last_answers: last_answers.into_iter().map(|(name, (_, value))| (name, value)).collect(),
        last_visit_ms,
        household,
    })
}

/// The newest answer to each item of this draft, from visits on the same checklist versions, with the visit.
fn answers_before(
    db: &Connection,
    household: Uuid,
    draft: &VisitDraft,
) -> Result<BTreeMap<String, (Uuid, Value)>, StoreError> {
    let visits = households::ids(
        db,
        "SELECT id FROM visit WHERE household = ?1 AND absent = 0 AND void = 0 ORDER BY occurred_at DESC",
        household,
    )?;
    let mut answers = BTreeMap::new();
    for id in visits.into_iter().take(last_visits_max) {
        let Some(row) = records::shown(db, id)? else { continue };
        let visit = Visit::from_fields(&row.values());
        let common = draft.checklists.iter().filter(|(code, n)| visit.checklists.get(*code) == Some(n));
        let versions = common.map(|(code, n)| (code.clone(), *n)).collect();
        // What people said is said anew each time: taken over, words without a name would come back under one.
        for item in templates().items_of(&versions).into_iter().filter(|item| !item.is_opinion) {
            let of_item = |name: &&String| item.has_field(name);
            if answers.keys().any(|name| of_item(&name)) {
                continue;
            }
            let given = visit.answers.iter().filter(|(name, _)| of_item(name));
            answers.extend(given.map(|(name, value)| (name.clone(), (id, value.clone()))));
        }
    }
    Ok(answers)
}

/// Names that this cadre has gone with, most recent first.
fn companions_before(db: &Connection, cadre: &str) -> Result<Vec<String>, StoreError> {
    let recent: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM visit WHERE visitor = ?1 ORDER BY occurred_at DESC LIMIT 30")
        .and_then(|mut s| s.query_map([cadre], |row| uuid_at(row, "id"))?.collect())
        .map_err(db_error)?;
    let mut names: Vec<String> = Vec::new();
    for id in recent {
        let Some(row) = records::shown(db, id)? else { continue };
        for name in Visit::from_fields(&row.values()).companions {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() >= companions_offered_max {
            break;
        }
    }
    names.truncate(companions_offered_max);
    Ok(names)
}

/// Turns a draft into the visit and its opinions (or into what a correction changes), and drops it.
pub(super) fn complete(
    db: &Connection,
    clock: &mut Clock,
    id: Uuid,
    (running, cadre, cadre_name): (&Running, &str, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let mut draft = read(db, id)?;
    let items = templates().items_of(&draft.checklists);
    for (item, said) in draft.words_to_take_over(&items) {
        draft.take_over(&item, &said, fresh_id(now_ms)?);
    }
    if let Some(amended) = &draft.amends {
        amend::finish(db, clock, &draft, amended, now_ms)?;
        amend::sort_said(db, clock, &draft, now_ms)?;
        save_opinions(db, clock, &draft, (cadre, cadre_name), now_ms)?;
        return discard(db, id);
    }
    let visit = Visit {
        household: draft.household,
        target_kind: TargetKind::from_code(&draft.target_kind).unwrap_or_default(),
        target_name: draft.target_name.clone(),
        visitor: cadre.to_owned(),
        visitor_name: cadre_name.to_owned(),
        companions: companions_of(&draft),
        occurred_at: Some(draft.occurred_ms),
        written_at: Some(now_ms.max(draft.occurred_ms)),
        mode: VisitMode::from_code(&draft.mode).unwrap_or_default(),
        absent: draft.absent,
        campaign: running.id,
        checklists: if draft.absent { Default::default() } else { draft.checklists.clone() },
        answers: if draft.absent { FieldSet::new() } else { checklist::settled(&items, &draft.answers) },
        notes: draft.notes.clone(),
        card_left: draft.card_left,
        void_reason: String::new(),
    };
    let taken = judged(&visit, &draft, &BTreeSet::new())?;
    let mut fields = visit.to_fields();
    fields.extend(photo_fields(&taken));
    save_new(db, clock, kind::VISIT, id, &draft.village, fields, now_ms)?;
    save_opinions(db, clock, &draft, (cadre, cadre_name), now_ms)?;
    discard(db, id)
}

/// Who came along, as written.
pub(super) fn companions_of(draft: &VisitDraft) -> Vec<String> {
    let names = draft.companions.split(NAME_SEPARATOR).map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The fields that name these photos.
pub(super) fn photo_fields(photos: &[Photo]) -> FieldSet {
    let named = |photo: &Photo| (photo::field_of_hash(&photo.hash), photo::value_of_caption(&photo.caption));
    photos.iter().map(named).collect()
}

/// Refuses what must be mended before 完成; gives the draft's photos as the record will name them. What was `erased` of the
/// visit by law cannot be mended, and need not.
pub(super) fn judged(
    visit: &Visit,
    draft: &VisitDraft,
    erased: &BTreeSet<String>,
) -> Result<Vec<Photo>, StoreError> {
    let mut problems = visit.validate();
    problems.retain(|problem| !erased.contains(&problem.field));
    if !draft.absent {
        problems.extend(checklist::validate(&draft.items(erased), &draft.answers));
    }
    let taken: Vec<Photo> = draft.photos.iter().map(Photo::from).collect();
    problems.extend(photo::validate(&taken));
    match problems.first() {
        Some(problem) => Err(StoreError::Invalid(problem.message.clone())),
        None => Ok(taken),
    }
}

fn save_opinions(
    db: &Connection,
    clock: &mut Clock,
    draft: &VisitDraft,
    (cadre, cadre_name): (&str, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    for said in draft.opinions.iter().filter(|said| !said.text.trim().is_empty()) {
        let fields = opinion_fields(said, draft, cadre, cadre_name);
        save_new(db, clock, kind::OPINION, said.id, &draft.village, fields, now_ms)?;
    }
    Ok(())
}

fn opinion_fields(said: &OpinionDraft, draft: &VisitDraft, cadre: &str, cadre_name: &str) -> FieldSet {
    Opinion {
        visit: Some(draft.id),
        household: draft.household,
        text: said.text.clone(),
        kind: opinion::OpinionKind::from_code(&said.kind).unwrap_or_default(),
        category: said.category.clone(),
        channel: "visit".to_owned(),
        immediate: said.immediate,
        anonymous: said.anonymous,
        occurred_at: Some(draft.occurred_ms),
        visitor: cadre.to_owned(),
        visitor_name: cadre_name.to_owned(),
    }
    .to_fields()
}

fn save_new(
    db: &Connection,
    clock: &mut Clock,
    kind: &str,
    id: Uuid,
    village: &str,
    fields: FieldSet,
    now_ms: i64,
) -> Result<(), StoreError> {
    let edit = Edit {
        kind: kind.to_owned(),
        id: Some(id),
        village: village.to_owned(),
        set: fields,
        base: Base::new(),
    };
    records::save(db, clock, edit, now_ms)?;
    Ok(())
}

/// What people said in a completed visit.
pub(super) fn opinions_of(db: &Connection, visit: Uuid) -> Result<Vec<Loaded>, StoreError> {
    let ids = households::ids(db, "SELECT id FROM opinion WHERE visit = ?1 ORDER BY id", visit)?;
    ids.iter().map(|id| records::load(db, *id)).collect()
}

/// One completed visit, as the cadre `own` sees it.
pub(super) fn visit_page(db: &Connection, id: Uuid, own: &str) -> Result<VisitPage, StoreError> {
    erase::refuse_gone(db, kind::VISIT, id)?;
    let record = records::load(db, id)?;
    let visit = Visit::from_fields(&record.fields);
    Ok(VisitPage {
        title: visit.target_name.clone(),
        photos: photos::views(db, &record.village, &record.fields)?,
        opinions: opinions_of(db, id)?,
        may_amend: amend::refusal(&visit, own).is_none(),
        amending: find(db, id)?.is_some(),
        record,
    })
}

#[cfg(test)]
#[path = "drafts_tests.rs"]
mod tests;
