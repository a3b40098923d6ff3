//! 更正: a finished visit is opened again by the one who made it, and what differs from what was loaded is written as
//! ordinary patches: nothing is overwritten, history keeps the former values. What people said stays verbatim; more of
//! it can be added.

use super::{
    Edit, Loaded, StoreError,
    draft::{Amended, PhotoDraft, VisitDraft},
    drafts, erase, records,
};
use lianxin_shared::{
    domain::{
        Coded, changes, checklist, opinion, photo,
        visit::{NAME_SEPARATOR, Visit, VisitMode},
    },
    replica::{Base, Clock, FieldSet, Value, kind},
    templates::templates,
};
use rusqlite::Connection;
use uuid::Uuid;

/// The step at which a correction opens: the whole on one page.
const REVIEW: u8 = 2;

/// Why the cadre `own` cannot correct a visit; none if it is possible.
pub(super) fn refusal(visit: &Visit, own: &str) -> Option<String> {
    if visit.visitor != own {
        let by = &visit.visitor_name;
        return Some(format!("这次走访是{by}记的，要由本人更正，没有改动。您听到的，可以另记一次走访。"));
    }
    let is_void = !visit.void_reason.is_empty();
    is_void.then(|| "这次走访已作废，不能再更正；内容都还在。要恢复，请跟乡镇走访办说。".to_owned())
}

/// Opens the correction of a finished visit, or the one that is being written.
pub(super) fn start(db: &Connection, id: Uuid, own: &str, now_ms: i64) -> Result<VisitDraft, StoreError> {
    if let Some(open) = drafts::find(db, id)? {
        return Ok(open);
    }
    erase::refuse_gone(db, kind::VISIT, id)?;
    let record = records::load(db, id)?;
    if record.kind != kind::VISIT {
        return Err(StoreError::NotFound);
    }
    let visit = Visit::from_fields(&record.fields);
    if let Some(words) = refusal(&visit, own) {
        return Err(StoreError::Invalid(words));
    }
    let draft = draft_of(db, record, visit, now_ms)?;
    drafts::keep(db, &draft)?;
    Ok(draft)
}

fn draft_of(db: &Connection, record: Loaded, visit: Visit, now_ms: i64) -> Result<VisitDraft, StoreError> {
    // Nobody was met, so nothing was asked: should that be corrected, there is a list to ask.
    let checklists = match visit.household.filter(|_| visit.absent && visit.checklists.is_empty()) {
        Some(household) => {
            let tags = drafts::tags_of(db, household)?;
            templates().versions_for(tags.iter().map(String::as_str))
        }
        None => visit.checklists,
    };
    let photos = photo::photos_of(&record.fields);
    Ok(VisitDraft {
        id: record.id,
        village: record.village,
        household: visit.household,
        target_kind: visit.target_kind.code().to_owned(),
        target_name: visit.target_name,
        checklists,
        step: REVIEW,
        occurred_ms: visit.occurred_at.unwrap_or(now_ms),
        mode: visit.mode.code().to_owned(),
        absent: visit.absent,
        companions: visit.companions.join(&NAME_SEPARATOR.to_string()),
        answers: visit.answers,
        notes: visit.notes,
        card_left: visit.card_left,
        photos: photos
            .into_iter()
            .map(|photo| PhotoDraft { hash: photo.hash, caption: photo.caption })
            .collect(),
        started_ms: now_ms,
        updated_ms: now_ms,
        amends: Some(Amended { fields: record.fields, stamps: record.stamps }),
        ..VisitDraft::default()
    })
}

/// Writes what a correction changes; nothing where nothing differs.
pub(super) fn finish(
    db: &Connection,
    clock: &mut Clock,
    draft: &VisitDraft,
    amended: &Amended,
    now_ms: i64,
) -> Result<(), StoreError> {
    let before = Visit::from_fields(&amended.fields);
    let after = corrected(&before, draft);
    // Judged as of now: a visit may be moved past the moment at which it was first written down, not into the future.
    let mut judged = after.clone();
    judged.written_at = Some(now_ms.max(before.written_at.unwrap_or(now_ms)));
    let taken = drafts::judged(&judged, draft, &erase::fields(db, draft.id)?)?;
    let mut set = changes(&before.to_fields(), &after.to_fields());
    let (shown, named) =
        (drafts::photo_fields(&photo::photos_of(&amended.fields)), drafts::photo_fields(&taken));
    for (was, is) in [(&before.answers, &after.answers), (&shown, &named)] {
        set.extend(changes(was, is));
        // Emptied is null, never removed.
        let gone = was.iter().filter(|(name, value)| **value != Value::Null && !is.contains_key(*name));
        set.extend(gone.map(|(name, _)| (name.clone(), Value::Null)));
    }
    erase::take_out(db, kind::VISIT, draft.id, &mut set)?;
    if set.is_empty() {
        return Ok(());
    }
    let base: Base =
        set.keys().filter_map(|name| Some((name.clone(), vec![*amended.stamps.get(name)?]))).collect();
    let edit =
        Edit { kind: kind::VISIT.to_owned(), id: Some(draft.id), village: draft.village.clone(), set, base };
    records::save(db, clock, edit, now_ms)?;
    if after.occurred_at != before.occurred_at {
        move_opinions(db, clock, draft, before.occurred_at, now_ms)?;
    }
    Ok(())
}

/// The visit as the draft has it. Where the draft holds what this version reads of the record, nothing changes: not
/// even what a newer version wrote there.
fn corrected(before: &Visit, draft: &VisitDraft) -> Visit {
    let items = templates().items_of(&draft.checklists);
    let occurred_at = (before.occurred_at != Some(draft.occurred_ms)).then_some(draft.occurred_ms);
    let met_at_last = before.absent && !draft.absent;
    let mut answers = checklist::settled(&items, &draft.answers);
    // What was not asked any more when it was loaded, since the answer that leads there was erased by law, is no less true; nor
    // are words that a former version left among the answers.
    let asked = checklist::settled(&items, &before.answers);
    let unasked = before.answers.iter().filter(|(name, _)| !asked.contains_key(*name));
    let kept = unasked.filter(|(name, value)| draft.answers.get(*name) == Some(value));
    answers.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    Visit {
        companions: drafts::companions_of(draft),
        occurred_at: occurred_at.or(before.occurred_at),
        // A visit is never written down before it was made.
        written_at: before.written_at.map(|ms| ms.max(occurred_at.unwrap_or(ms))),
        mode: VisitMode::from_code(&draft.mode).unwrap_or_default(),
        absent: draft.absent,
        checklists: if met_at_last { draft.checklists.clone() } else { before.checklists.clone() },
        answers: if draft.absent { FieldSet::new() } else { answers },
        notes: draft.notes.clone(),
        card_left: draft.card_left,
        ..before.clone()
    }
}

/// Writes how what was said is sorted from now on. Its words are not among that, and a name that was withheld stays so.
/// What was said and is not here any more (erased by law, or gone with its household) is left alone.
pub(super) fn sort_said(
    db: &Connection,
    clock: &mut Clock,
    draft: &VisitDraft,
    now_ms: i64,
) -> Result<(), StoreError> {
    for (id, sorted) in &draft.sorted {
        let Some(row) = records::shown(db, *id)? else { continue };
        let erasure = erase::of(db, *id)?;
        if erasure.is_whole() {
            continue;
        }
        let was_unnamed = opinion::Opinion::from_fields(&row.values()).anonymous;
        let stays =
            |name: &str| name == opinion::field::TEXT || was_unnamed && name == opinion::field::ANONYMOUS;
        let differs = |name: &str, value: &Value| row.value(name) != value && !erasure.covers(name);
        let set = sorted.set.iter().filter(|(name, value)| !stays(name) && differs(name, value));
        let set: FieldSet = set.map(|(name, value)| (name.clone(), value.clone())).collect();
        if set.is_empty() {
            continue;
        }
        let edit = Edit {
            kind: kind::OPINION.to_owned(),
            id: Some(*id),
            village: draft.village.clone(),
            set,
            base: sorted.base.clone(),
        };
        records::save(db, clock, edit, now_ms)?;
    }
    Ok(())
}

/// What was said then was said when the visit was.
fn move_opinions(
    db: &Connection,
    clock: &mut Clock,
    draft: &VisitDraft,
    from_ms: Option<i64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let field = opinion::field::OCCURRED_AT;
    for said in drafts::opinions_of(db, draft.id)? {
        let stamp =
            said.stamps.get(field).filter(|_| said.fields.get(field).and_then(Value::as_int) == from_ms);
        let Some(stamp) = stamp else { continue };
        let edit = Edit {
            kind: said.kind,
            id: Some(said.id),
            village: said.village,
            set: FieldSet::from([(field.to_owned(), Value::Int(draft.occurred_ms))]),
            base: Base::from([(field.to_owned(), vec![*stamp])]),
        };
        records::save(db, clock, edit, now_ms)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "amend_tests.rs"]
mod tests;
