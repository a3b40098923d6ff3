//! Visits, the diary and conflicts: drafts that are kept, completed into visits and opinions, and disputes settled
//! by one tap.

use super::{
    phone::{Outcome, Phone},
    world::World,
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::store::{Edit, Loaded, Reply, Request, StoreError, Taken, VisitTarget, draft::OpinionDraft};
use lianxin_shared::{
    domain::checklist::AnswerKind,
    replica::{Base, FieldSet, Value, kind},
    sync::Input,
    templates::templates,
};
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

    fn some_draft(&mut self, phone: usize) -> Option<Uuid> {
        let drafts = &self.phones[phone].draft_order;
        (!drafts.is_empty()).then(|| drafts[self.rng.below(drafts.len())])
    }

    pub(super) fn go_on_with_visit(&mut self, phone: usize) -> Result<()> {
        let Some(id) = self.some_draft(phone) else { return self.begin_visit(phone) };
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
        if let Outcome::Done(_) = self.store(phone, |store| store.handle(request, wall))? {
            self.phones[phone].drafts.insert(id, draft);
        }
        Ok(())
    }

    pub(super) fn complete_visit(&mut self, phone: usize) -> Result<()> {
        let Some(id) = self.some_draft(phone) else { return self.begin_visit(phone) };
        let (now, wall) = (self.now, self.phones[phone].clock.at(self.now));
        let Some(draft) = self.phones[phone].drafts.get(&id).cloned() else { return Ok(()) };
        let completed = self.store(phone, |store| store.handle(Request::CompleteVisit { id }, wall))?;
        match completed {
            Outcome::Done(_) => {}
            Outcome::Refused(StoreError::Invalid(_)) | Outcome::Burnt => return Ok(()),
            Outcome::Refused(error) => bail!("a visit is refused: {error}"),
        }
        self.coverage.count("visits completed");
        self.say(format!("phone {phone} completes a visit with {} opinions", draft.opinions.len()));
        self.hear(phone, "changed", Input::Changed);
        self.phones[phone].drafts.remove(&id);
        self.phones[phone].draft_order.retain(|kept| *kept != id);
        self.knows(Some(id), kind::VISIT, &draft.village);
        let visit = self.phones[phone].record(id, now)?.context("a completed visit is not shown")?;
        let notes = visit.fields.get("notes").and_then(Value::as_text).unwrap_or_default();
        ensure!(notes == draft.notes, "a visit lost its notes");
        promise_all(&mut self.phones[phone], &visit)?;
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

/// Everything of a record that this phone has just made is promised.
fn promise_all(phone: &mut Phone, record: &Loaded) -> Result<()> {
    let Loaded { kind, id, village, fields, .. } = record.clone();
    let edit = Edit { kind, id: Some(id), village, set: fields, base: Base::new() };
    phone.promises.acknowledge(phone.device, None, &edit, record)
}
