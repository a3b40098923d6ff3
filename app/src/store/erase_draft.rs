//! 依法抹去 in the drafts of visits: the correction of an erased visit goes, that of a visit of which a field was erased loses
//! the field; the visit that is being written to an erased household loses its name, and the answers that came by 同上次 from
//! a visit of which they were erased. Whatever else the cadre wrote stays.

use super::{
    StoreError, db_error,
    draft::VisitDraft,
    drafts,
    erase::{self, of},
};
use lianxin_shared::{
    domain::{household, photo, visit},
    replica::{Base, Erasure, kind},
    sqlite::uuid_at,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use uuid::Uuid;

/// In the place of the name of somebody whose name was erased.
pub(super) const NO_NAME: &str = "（已依法抹去）";

/// Takes what was erased of a record out of the drafts that have to do with it; whether any said more.
pub(super) fn redact(db: &Connection, record: Uuid, erasure: &Erasure) -> Result<bool, StoreError> {
    let mut any = false;
    for id in concerned(db, record)? {
        if id == record && erasure.is_whole() {
            drafts::discard(db, id)?;
            any = true;
            continue;
        }
        let before = drafts::read(db, id)?;
        let after = emptied(db, before.clone())?;
        if after != before {
            drafts::keep(db, &after)?;
            any = true;
        }
    }
    Ok(any)
}

/// The drafts that correct a visit, go to a household, or have answers of an earlier visit.
fn concerned(db: &Connection, record: Uuid) -> Result<Vec<Uuid>, StoreError> {
    db.prepare_cached("SELECT id FROM draft WHERE id = ?1 OR household = ?1 OR instr(body, ?2) > 0")
        .and_then(|mut s| {
            s.query_map(params![record.as_bytes(), record.to_string()], |row| uuid_at(row, "id"))?.collect()
        })
        .map_err(db_error)
}

/// A draft as it may be kept: its screen may have been open since before the erasure.
///
/// # Errors
/// When it corrects a visit that was erased whole.
pub(super) fn emptied(db: &Connection, mut draft: VisitDraft) -> Result<VisitDraft, StoreError> {
    let erasure = of(db, draft.id)?;
    if erasure.is_whole() {
        return Err(erase::gone(kind::VISIT));
    }
    if !erasure.is_none() {
        empty(&mut draft, &erasure);
    }
    if erasure.covers(visit::field::TARGET_NAME) || is_nameless(db, draft.household)? {
        NO_NAME.clone_into(&mut draft.target_name);
    }
    let repeated: BTreeSet<Uuid> = draft.repeated.values().map(|answer| answer.visit).collect();
    for visit in repeated {
        take_back(&mut draft, visit, &of(db, visit)?);
    }
    Ok(draft)
}

/// Whether the name that a visit is kept under was erased with its household or of it.
pub(super) fn is_nameless(db: &Connection, household: Option<Uuid>) -> Result<bool, StoreError> {
    let erasure = household.map(|id| of(db, id)).transpose()?;
    Ok(erasure.is_some_and(|erasure| erasure.covers(household::field::HEAD)))
}

fn empty(draft: &mut VisitDraft, erasure: &Erasure) {
    if let Some(amended) = &mut draft.amends {
        erasure.redact(&mut amended.fields, &mut Base::new());
    }
    draft.answers.retain(|name, _| !erasure.covers(name));
    draft.photos.retain(|photo| !erasure.covers(&photo::field_of_hash(&photo.hash)));
    for (name, text) in
        [(visit::field::NOTES, &mut draft.notes), (visit::field::COMPANIONS, &mut draft.companions)]
    {
        if erasure.covers(name) {
            text.clear();
        }
    }
}

/// Answers as an earlier visit had them go; what the cadre has made of them since stays.
fn take_back(draft: &mut VisitDraft, visit: Uuid, erasure: &Erasure) {
    let VisitDraft { repeated, answers, .. } = draft;
    repeated.retain(|field, answer| {
        if answer.visit != visit || !erasure.covers(field) {
            return true;
        }
        if answers.get(field) == Some(&answer.value) {
            answers.remove(field);
        }
        false
    });
}

#[cfg(test)]
#[path = "erase_draft_tests.rs"]
mod tests;
