//! What cadres do with the register, through the same requests that the screens use.

use super::{
    phone::{Editor, Outcome},
    world::{Event, FOREIGN, Known, World},
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::store::{Edit, Loaded, Reply, Request, StoreError};
use lianxin_shared::{
    replica::{Base, FieldSet, Value, kind, patch_bytes_max},
    sync::Input,
};
use uuid::Uuid;

/// Names of heads and members.
pub const NAMES: [&str; 8] =
    ["周秀兰", "马建国", "李翠花", "𠮷田有福", "陈大牛", "王长顺", "Aygül", "赵 玉梅"];
/// Few values, so that two people often write the same, and often not.
const PHONES: [&str; 3] = ["13800000001", "13800000002", "13800000003"];
const TAGS: [&str; 3] = ["tags.gugua_laoren", "tags.kunnan_hu", "tags.getihu"];
/// Kinds that this version does not know, and fields that no version knows.
const FUTURE_KIND: &str = "well_of_2031";

impl World {
    /// A cadre does something; the world turns meanwhile.
    pub(super) fn act(&mut self, phone: usize) -> Result<()> {
        self.weather(phone);
        if !self.phones[phone].is_up() {
            return Ok(());
        }
        let done = match self.rng.below(100) {
            0..16 => self.new_household(phone),
            16..21 => self.new_person(phone),
            21..45 => self.edit_record(phone),
            45..58 => self.finish_editor(phone),
            58..62 => self.begin_visit(phone),
            62..66 => self.amend_visit(phone),
            66..71 => self.go_on_with_visit(phone),
            71..79 => self.complete_visit(phone),
            79..84 => self.diary(phone),
            84..94 => self.resolve(phone),
            94..96 => self.future_record(phone),
            96..98 => self.foreign_household(phone),
            98..99 => self.long_text(phone),
            _ => {
                self.press_sync(phone);
                Ok(())
            }
        };
        done.with_context(|| format!("the cadre of phone {phone}"))?;
        // People write in bursts: the second edit often falls into the first one's open patch.
        self.act_again(phone, 350, 10_000);
        Ok(())
    }

    /// Sometimes the cadre goes on within `within_ms`, as long as the day's work lasts.
    pub(super) fn act_again(&mut self, phone: usize, per_mille: u32, within_ms: i64) {
        if self.eager > 0 && self.rng.chance(per_mille) {
            self.eager -= 1;
            let after = self.rng.between(0, within_ms);
            self.plan(after, Event::Act(phone));
        }
    }

    pub(super) fn own_village(&mut self, phone: usize) -> String {
        let villages: Vec<String> = self.phones[phone].villages.iter().cloned().collect();
        self.rng.pick(&villages).clone()
    }

    /// A value for a field; few different ones.
    pub(super) fn value_of(&mut self, field: &str) -> Value {
        if self.rng.chance(120) {
            return Value::Null;
        }
        if self.disasters.erases && matches!(field, "phone" | "note" | "text") && self.rng.chance(500) {
            return self.erasures.fresh_words().into();
        }
        match field {
            "head" | "name" => (*self.rng.pick(&NAMES)).into(),
            "phone" => (*self.rng.pick(&PHONES)).into(),
            "population" => Value::Int(self.rng.between(0, 3)),
            "deleted" => Value::Bool(self.rng.chance(500)),
            "future.depth_m" => (*self.rng.pick(&["12.5", "13"])).into(),
            _ if field.starts_with("tags.") => Value::Bool(self.rng.chance(500)),
            _ => format!("记{}", self.rng.below(4)).into(),
        }
    }

    /// Saves and holds the store to its word. The id of the record if it was acknowledged.
    pub(super) fn save(&mut self, phone: usize, edit: Edit) -> Result<Option<Uuid>> {
        let (now, wall) = (self.now, self.phones[phone].clock.at(self.now));
        let before = match edit.id {
            Some(id) => self.phones[phone].record(id, now)?,
            None => None,
        };
        let request = Request::Save(edit.clone());
        let outcome = self.store(phone, |store| store.handle(request, wall))?;
        match outcome {
            Outcome::Done(Reply::Record(after)) => {
                let device = self.phones[phone].device;
                self.phones[phone].promises.acknowledge(device, before.as_ref(), &edit, &after)?;
                let fields = edit.set.keys().cloned().collect::<Vec<_>>().join(" ");
                self.say(format!("phone {phone} saves {} {fields}", edit.kind));
                self.hear(phone, "changed", Input::Changed);
                Ok(Some(after.id))
            }
            Outcome::Done(other) => bail!("saved, and got {other:?}"),
            Outcome::Refused(error) => {
                let fits = match &error {
                    StoreError::TooLong { .. } | StoreError::Invalid(_) => true,
                    StoreError::Erased { fields, .. } => edit.id.is_some_and(|id| {
                        fields.iter().all(|field| self.phones[phone].promises.is_erased(id, field))
                    }),
                    _ => false,
                };
                ensure!(fits, "a save is refused: {error}");
                if matches!(error, StoreError::TooLong { .. }) {
                    self.coverage.count("texts too long");
                }
                self.nothing_changed(phone, edit.id, before)
            }
            Outcome::Burnt => self.nothing_changed(phone, edit.id, before),
        }
    }

    /// A save that was not acknowledged has left nothing behind.
    fn nothing_changed(
        &mut self,
        phone: usize,
        id: Option<Uuid>,
        before: Option<Loaded>,
    ) -> Result<Option<Uuid>> {
        let (Some(id), true) = (id, self.phones[phone].is_up()) else { return Ok(None) };
        let now = self.now;
        let after = self.phones[phone].record(id, now)?;
        ensure!(after == before, "a save that failed has changed the record");
        Ok(None)
    }

    pub(super) fn knows(&mut self, id: Option<Uuid>, kind: &str, village: &str) {
        if let Some(id) = id {
            self.known.push(Known { id, kind: kind.to_owned(), village: village.to_owned() });
        }
    }

    fn new_household(&mut self, phone: usize) -> Result<()> {
        let village = self.own_village(phone);
        let id = if self.rng.chance(500) { Some(self.fresh_id()) } else { None };
        let mut set = FieldSet::from([("head".to_owned(), (*self.rng.pick(&NAMES)).into())]);
        for field in ["group", "door", "phone", "population", TAGS[0], TAGS[1], "future.depth_m"] {
            if self.rng.chance(400) {
                let value = self.value_of(field);
                set.insert(field.to_owned(), value);
            }
        }
        let edit =
            Edit { kind: kind::HOUSEHOLD.into(), id, village: village.clone(), set, base: Base::new() };
        let id = self.save(phone, edit)?;
        self.knows(id, kind::HOUSEHOLD, &village);
        Ok(())
    }

    /// A record of these kinds that is shown on this phone.
    pub(super) fn some_record(&mut self, phone: usize, kinds: &[&str]) -> Result<Option<Loaded>> {
        let villages = self.phones[phone].villages.clone();
        let fits = |known: &&Known| kinds.contains(&known.kind.as_str()) && villages.contains(&known.village);
        let ids: Vec<Uuid> = self.known.iter().filter(fits).map(|known| known.id).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        // Mostly one of the first few, so that phones meet.
        let few = if self.rng.chance(700) { ids.len().min(3) } else { ids.len() };
        let id = ids[self.rng.below(few)];
        let now = self.now;
        self.phones[phone].record(id, now)
    }

    fn new_person(&mut self, phone: usize) -> Result<()> {
        let Some(household) = self.some_record(phone, &[kind::HOUSEHOLD])? else { return Ok(()) };
        let mut set = FieldSet::from([
            ("household".to_owned(), household.id.to_string().into()),
            ("name".to_owned(), (*self.rng.pick(&NAMES)).into()),
        ]);
        if self.rng.chance(500) {
            set.insert(TAGS[0].to_owned(), true.into());
        }
        let (id, village) = (Some(self.fresh_id()), household.village);
        let edit = Edit { kind: kind::PERSON.into(), id, village: village.clone(), set, base: Base::new() };
        let id = self.save(phone, edit)?;
        self.knows(id, kind::PERSON, &village);
        Ok(())
    }

    /// Opens an editor, types, and saves now or later.
    pub(super) fn edit_record(&mut self, phone: usize) -> Result<()> {
        let kinds = [kind::HOUSEHOLD, kind::PERSON, kind::OPINION, FUTURE_KIND];
        let Some(loaded) = self.some_record(phone, &kinds)? else { return self.new_household(phone) };
        let fields: &[&str] = match loaded.kind.as_str() {
            kind::HOUSEHOLD => {
                &["head", "phone", "phone", "phone", "note", "population", TAGS[0], TAGS[2], "future.depth_m"]
            }
            kind::PERSON => &["name", "phone", "note", TAGS[0]],
            kind::OPINION => &["category", "text"],
            _ => &["future.depth_m", "note"],
        };
        let mut typed = FieldSet::new();
        for _ in 0..1 + self.rng.below(2) {
            let field = *self.rng.pick(fields);
            typed.insert(field.to_owned(), self.value_of(field));
        }
        if loaded.kind == kind::HOUSEHOLD && self.rng.chance(25) {
            typed.insert("deleted".to_owned(), self.value_of("deleted"));
        }
        self.phones[phone].editors.push(Editor { loaded, typed });
        if self.rng.chance(600) { self.finish_editor(phone) } else { Ok(()) }
    }

    /// Saves the editor that was opened first, on the stamps that it loaded.
    fn finish_editor(&mut self, phone: usize) -> Result<()> {
        if self.phones[phone].editors.is_empty() {
            return self.edit_record(phone);
        }
        let Editor { loaded, typed } = self.phones[phone].editors.remove(0);
        let now = self.now;
        let shown = self.phones[phone].record(loaded.id, now)?;
        let shown_stamps = shown.map(|shown| shown.stamps).unwrap_or_default();
        if typed.keys().any(|field| shown_stamps.get(field) != loaded.stamps.get(field)) {
            self.coverage.count("edits on a stale base");
        }
        let open: i64 = self.phones[phone].db()?.query_row(
            "SELECT count(*) FROM patch WHERE record = ?1 AND state = 0",
            [loaded.id.as_bytes()],
            |row| row.get(0),
        )?;
        let base = loaded.stamps.iter().filter(|(field, _)| typed.contains_key(*field));
        let base = base.map(|(field, stamp)| (field.clone(), vec![*stamp])).collect();
        let Loaded { kind, id, village, .. } = loaded;
        let saved = self.save(phone, Edit { kind, id: Some(id), village, set: typed, base })?;
        if saved.is_some() && open > 0 {
            self.coverage.count("edits within the open patch");
        }
        Ok(())
    }

    /// A record of a kind that only a later version knows.
    fn future_record(&mut self, phone: usize) -> Result<()> {
        let (id, village) = (Some(self.fresh_id()), self.own_village(phone));
        let set = FieldSet::from([
            ("future.depth_m".to_owned(), self.value_of("future.depth_m")),
            ("head".to_owned(), "井".into()),
            ("deleted".to_owned(), false.into()),
        ]);
        let edit = Edit { kind: FUTURE_KIND.into(), id, village: village.clone(), set, base: Base::new() };
        let id = self.save(phone, edit)?;
        if id.is_some() {
            self.coverage.count("patches of unknown kinds");
        }
        self.knows(id, FUTURE_KIND, &village);
        Ok(())
    }

    /// A record in a village that this phone was not granted.
    fn foreign_household(&mut self, phone: usize) -> Result<()> {
        let granted = &self.phones[phone].villages;
        let other: Vec<&str> = self
            .villages
            .iter()
            .map(String::as_str)
            .chain([FOREIGN])
            .filter(|v| !granted.contains(*v))
            .collect();
        let village = (*self.rng.pick(&other)).to_owned();
        let set = FieldSet::from([("head".to_owned(), "外村人".into())]);
        let id = Some(self.fresh_id());
        self.save(phone, Edit { kind: kind::HOUSEHOLD.into(), id, village, set, base: Base::new() })?;
        Ok(())
    }

    /// A text just below or just beyond the largest patch.
    fn long_text(&mut self, phone: usize) -> Result<()> {
        let Some(loaded) = self.some_record(phone, &[kind::HOUSEHOLD])? else { return Ok(()) };
        // The one that fits is rare: it is dear, being carried over every hop from then on.
        let bytes = if self.rng.chance(150) { patch_bytes_max - 2_000 } else { patch_bytes_max + 1 };
        let set = FieldSet::from([("note".to_owned(), "长".repeat(bytes / 3 + 1).into())]);
        let base = loaded.stamps.get("note").map(|stamp| ("note".to_owned(), vec![*stamp]));
        let Loaded { kind, id, village, .. } = loaded;
        self.save(phone, Edit { kind, id: Some(id), village, set, base: base.into_iter().collect() })?;
        Ok(())
    }
}
