//! Visits, the diary and conflicts: drafts that are kept, completed into visits and opinions, and disputes settled
//! by one tap.

use super::{
    phone::{Outcome, Phone},
    world::World,
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::store::{
    Edit, Loaded, Reply, Request, StoreError, Taken, VisitTarget,
    draft::{Amended, OpinionDraft, VisitDraft},
};
use lianxin_shared::{
    domain::checklist::AnswerKind,
    replica::{Base, FieldSet, Value, kind},
    sync::Input,
    templates::templates,
};
use std::collections::BTreeSet;
use uuid::Uuid;

impl World {
    pub(super) fn begin_visit(&mut self, phone: usize) -> Result<()> {
        let wall = self.phones[phone].clock.at(self.now);
        let target = match self.some_record(phone, &[kind::HOUSEHOLD])? {
            Some(household) if self.rng.chance(850) => VisitTarget::Household(household.id),
            _ => {
                let village = self.own_village(phone);
                VisitTarget::Other { kind: "school".into(), name: "清溪小学".into(), village }
            }
        };
        let request = Request::StartVisit { target };
        if let Outcome::Done(Reply::Draft(open)) = self.store(phone, |store| store.handle(request, wall))? {
            let phone = &mut self.phones[phone];
            if phone.drafts.insert(open.draft.id, open.draft.clone()).is_none() {
                phone.draft_order.push(open.draft.id);
            }
        }
        Ok(())
    }

    /// A finished visit is opened again by the one who made it, and often written on at once.
    pub(super) fn amend_visit(&mut self, phone: usize) -> Result<()> {
        let mine = own_visits(&self.phones[phone])?;
        if mine.is_empty() {
            return self.begin_visit(phone);
        }
        let id = *self.rng.pick(&mine);
        let wall = self.phones[phone].clock.at(self.now);
        match self.store(phone, |store| store.handle(Request::AmendVisit { id }, wall))? {
            Outcome::Done(Reply::Draft(open)) => {
                let phone = &mut self.phones[phone];
                if phone.drafts.insert(open.draft.id, open.draft.clone()).is_none() {
                    phone.draft_order.push(open.draft.id);
                }
            }
            // It is void, or its words are withheld.
            Outcome::Refused(StoreError::Invalid(_)) | Outcome::Burnt => return Ok(()),
            other => bail!("a correction is not opened: {other:?}"),
        }
        if self.rng.chance(700) { self.write_on(phone, id) } else { Ok(()) }
    }

    fn some_draft(&mut self, phone: usize) -> Option<Uuid> {
        let drafts = &self.phones[phone].draft_order;
        (!drafts.is_empty()).then(|| drafts[self.rng.below(drafts.len())])
    }

    pub(super) fn go_on_with_visit(&mut self, phone: usize) -> Result<()> {
        match self.some_draft(phone) {
            Some(id) => self.write_on(phone, id),
            None => self.begin_visit(phone),
        }
    }

    fn write_on(&mut self, phone: usize, id: Uuid) -> Result<()> {
        let Some(mut draft) = self.phones[phone].drafts.get(&id).cloned() else { return Ok(()) };
        let wall = self.phones[phone].clock.at(self.now);
        for item in templates().items_of(&draft.checklists) {
            let (field, value) = match (item.options.first(), item.kind) {
                (Some(option), _) => item.pick(&option.code),
                (None, AnswerKind::Number) => (item.field(), Value::Int(3)),
                (None, AnswerKind::Date) => (item.field(), "2026-10-01".into()),
                _ => (item.field(), "邻居周大姐".into()),
            };
            draft.answers.insert(field, value);
        }
        draft.notes = format!("第{}回写", self.rng.below(9));
        draft.absent = self.rng.chance(150);
        let text = format!("路灯不亮 {}", self.rng.below(9));
        let opinion =
            OpinionDraft { id: self.fresh_id(), text, kind: "problem".into(), ..Default::default() };
        draft.opinions.push(opinion);
        draft.updated_ms = wall;
        let request = Request::SaveDraft(Box::new(draft.clone()));
        let saved = self.store(phone, |store| store.handle(request, wall))?;
        let phone = &mut self.phones[phone];
        let drafts = if let Outcome::Done(_) = saved { &mut phone.drafts } else { &mut phone.doubtful };
        drafts.insert(id, draft);
        Ok(())
    }

    pub(super) fn complete_visit(&mut self, phone: usize) -> Result<()> {
        let Some(id) = self.some_draft(phone) else { return self.begin_visit(phone) };
        let (now, wall) = (self.now, self.phones[phone].clock.at(self.now));
        let Some(draft) = self.phones[phone].drafts.get(&id).cloned() else { return Ok(()) };
        let before = self.phones[phone].record(id, now)?;
        let completed = self.store(phone, |store| store.handle(Request::CompleteVisit { id }, wall))?;
        match completed {
            Outcome::Done(_) => {}
            Outcome::Refused(StoreError::Invalid(_)) | Outcome::Burnt => return Ok(()),
            // Its visit has been erased, and the correction with it.
            Outcome::Refused(StoreError::NotFound) if self.phones[phone].promises.is_touched(id) => {
                return Ok(());
            }
            Outcome::Refused(error) => bail!("a visit is refused: {error}"),
        }
        self.coverage.count("visits completed");
        self.say(format!("phone {phone} completes a visit with {} opinions", draft.opinions.len()));
        self.hear(phone, "changed", Input::Changed);
        self.phones[phone].drafts.remove(&id);
        self.phones[phone].draft_order.retain(|kept| *kept != id);
        if self.phones[phone].promises.is_touched(id) {
            return Ok(());
        }
        let Some(visit) = self.phones[phone].record(id, now)? else {
            // With its village it has left this phone, and its correction changed nothing.
            ensure!(draft.amends.is_some() && before.is_none(), "a completed visit is not shown");
            return Ok(());
        };
        match &draft.amends {
            Some(amended) => {
                self.coverage.count("visits corrected");
                promise_corrected(&mut self.phones[phone], &draft, amended, before.as_ref(), &visit)?;
            }
            None => {
                self.knows(Some(id), kind::VISIT, &draft.village);
                ensure!(notes_of(&visit.fields) == draft.notes, "a visit lost its notes");
                promise_all(&mut self.phones[phone], &visit)?;
            }
        }
        for said in &draft.opinions {
            let opinion = self.phones[phone].record(said.id, now)?.context("an opinion is not shown")?;
            ensure!(opinion.fields.get("text") == Some(&said.text.as_str().into()), "an opinion changed");
            promise_all(&mut self.phones[phone], &opinion)?;
            self.knows(Some(said.id), kind::OPINION, &draft.village);
        }
        Ok(())
    }

    pub(super) fn diary(&mut self, phone: usize) -> Result<()> {
        let (now, date) = (self.now, "2026-11-22".to_owned());
        let Reply::Diary(page) = self.phones[phone].ask(Request::Diary { date: date.clone() }, now)? else {
            bail!("no diary");
        };
        let entry = page.entry;
        let text = entry.fields.get("text").and_then(Value::as_text).unwrap_or_default().to_owned();
        let set = FieldSet::from([
            ("cadre".to_owned(), self.phones[phone].cadre.clone().into()),
            ("date".to_owned(), date.into()),
            ("text".to_owned(), format!("{text}又一行。").into()),
        ]);
        let base = entry.stamps.iter().filter(|(field, _)| set.contains_key(*field));
        let base = base.map(|(field, stamp)| (field.clone(), vec![*stamp])).collect();
        let Loaded { kind, id, village, .. } = entry;
        self.save(phone, Edit { kind, id: Some(id), village, set, base })?;
        Ok(())
    }

    /// Settles a conflict, if one is shown.
    pub(super) fn resolve(&mut self, phone: usize) -> Result<()> {
        let (now, wall) = (self.now, self.phones[phone].clock.at(self.now));
        let Reply::Mine(mine) = self.phones[phone].ask(Request::Mine, now)? else { bail!("no page 我的") };
        // In an order that does not hang on ids drawn at random.
        let place = |id: Uuid| self.known.iter().position(|known| known.id == id);
        let mut open: Vec<_> = mine.conflicts.iter().collect();
        open.sort_by_key(|c| (place(c.record), &c.field_label, c.other_by.1, &c.other_by.0, &c.other));
        let Some(conflict) = open.first() else { return self.edit_record(phone) };
        let (id, record, other) = (conflict.id, conflict.record, conflict.other.clone());
        let label = conflict.field_label.clone();
        let take = if self.rng.chance(500) { Taken::Other } else { Taken::Shown };
        let before = self.phones[phone].record(record, now)?.context("a conflict without its record")?;
        let request = Request::Resolve { conflict: id, take };
        let Outcome::Done(_) = self.store(phone, |store| store.handle(request, wall))? else { return Ok(()) };
        self.coverage.count("conflicts resolved");
        self.say(format!("phone {phone} settles a conflict of {label}"));
        self.hear(phone, "changed", Input::Changed);
        let after = self.phones[phone].record(record, now)?.context("a settled record is gone")?;
        let changed = |field: &&String| after.stamps.get(*field) != before.stamps.get(*field);
        let fields: Vec<String> = after.stamps.keys().filter(changed).cloned().collect();
        let [field] = fields.as_slice() else { bail!("a resolution wrote {fields:?}") };
        let value = after.fields.get(field).cloned().unwrap_or_default();
        match take {
            Taken::Shown => {
                ensure!(before.fields.get(field) == Some(&value), "the resolution took another value")
            }
            Taken::Other => {
                let shown = lianxin_shared::domain::label::value(field, &value);
                ensure!(shown == other, "chose {other} and see {shown}");
            }
        }
        let Loaded { kind, id, village, .. } = before.clone();
        let set = FieldSet::from([(field.clone(), value)]);
        let edit = Edit { kind, id: Some(id), village, set, base: Base::new() };
        let device = self.phones[phone].device;
        self.phones[phone].promises.acknowledge(device, Some(&before), &edit, &after)
    }
}

fn own_visits(phone: &Phone) -> Result<Vec<Uuid>> {
    let mut statement = phone.db()?.prepare("SELECT id FROM visit WHERE visitor = ?1 ORDER BY id")?;
    let ids = statement.query_map([&phone.cadre], |row| row.get::<_, [u8; 16]>(0))?;
    Ok(ids.map(|id| id.map(Uuid::from_bytes)).collect::<Result<_, _>>()?)
}

fn notes_of(fields: &FieldSet) -> &str {
    fields.get("notes").and_then(Value::as_text).unwrap_or_default()
}

/// What a correction has written is promised; what its author left as it was loaded is not touched. The visit itself
/// may have left this phone meanwhile, with its household: then the correction alone is shown.
fn promise_corrected(
    phone: &mut Phone,
    draft: &VisitDraft,
    amended: &Amended,
    before: Option<&Loaded>,
    after: &Loaded,
) -> Result<()> {
    // Folded into the open patch, a field has its stamp still.
    let stood = |field: &String| before.map(|before| (before.stamps.get(field), before.fields.get(field)));
    let written =
        |field: &&String| Some((after.stamps.get(*field), after.fields.get(*field))) != stood(field);
    let mut fields: BTreeSet<&String> = after.stamps.keys().filter(written).collect();
    let notes = "notes".to_owned();
    if notes_of(&amended.fields) == draft.notes {
        ensure!(!fields.contains(&notes), "a correction wrote notes that it did not change");
    } else {
        ensure!(notes_of(&after.fields) == draft.notes, "a correction lost its notes");
        // Folded into the open patch they have its stamp still.
        fields.insert(&notes);
    }
    let value = |field: &String| after.fields.get(field).cloned().unwrap_or_default();
    let set: FieldSet = fields.into_iter().map(|field| (field.clone(), value(field))).collect();
    let stamps = amended.stamps.iter().filter(|(field, _)| set.contains_key(*field));
    let base = stamps.map(|(field, stamp)| (field.clone(), vec![*stamp])).collect();
    let edit =
        Edit { kind: after.kind.clone(), id: Some(after.id), village: after.village.clone(), set, base };
    phone.promises.acknowledge(phone.device, before, &edit, after)
}

/// Everything of a record that this phone has just made is promised.
fn promise_all(phone: &mut Phone, record: &Loaded) -> Result<()> {
    let Loaded { kind, id, village, fields, .. } = record.clone();
    let edit = Edit { kind, id: Some(id), village, set: fields, base: Base::new() };
    phone.promises.acknowledge(phone.device, None, &edit, record)
}
