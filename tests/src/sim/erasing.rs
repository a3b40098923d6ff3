//! 依法抹去: the office erases fields and whole records, at any time and whatever is under way; at the end their words
//! stand in no table of the server nor of any phone that knows what that is.

use super::{checks::rows, oracle::WriteId, phone::Phone, world::World};
use anyhow::{Context, Result, ensure};
use lianxin_shared::{
    replica::{Row, Value},
    sqlite::read_row,
};
use rusqlite::{Connection, types::Value as Sql};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What words begin with that are written but once.
const MARK: &str = "抹";
/// What only says where a record belongs is not erased by itself.
const LINKS: [&str; 5] = ["household", "visit", "merged_into", "village", "deleted"];

/// What the office has erased.
#[derive(Debug, Default)]
pub struct Erasures {
    /// By record, with their fields; the empty name is all of it.
    fields: BTreeMap<Uuid, BTreeSet<String>>,
    /// What stood there when it was erased.
    words: BTreeSet<String>,
    given: u64,
}

impl Erasures {
    /// Words that nobody else writes.
    pub fn fresh_words(&mut self) -> String {
        self.given += 1;
        format!("{MARK}{:04}。", self.given)
    }

    /// Whether a write was erased.
    pub fn names(&self, (record, field, _): &WriteId) -> bool {
        let id = Uuid::try_parse(record).unwrap_or_default();
        self.fields.get(&id).is_some_and(|fields| fields.contains("") || fields.contains(field))
    }
}

impl World {
    /// The office erases a record, or a field or two of one.
    pub(super) fn erase(&mut self) -> Result<()> {
        let known: Vec<Uuid> = self.known.iter().map(|known| known.id).collect();
        if known.is_empty() {
            return Ok(());
        }
        // Mostly one of the first few, at which phones are at work.
        let few = if self.rng.chance(600) { known.len().min(4) } else { known.len() };
        let id = known[self.rng.below(few)];
        let server = self.server.writer().context("down")?;
        let Some(row) = read_row(server, id)? else { return Ok(()) };
        let fields = self.fields_to_erase(&row);
        if fields.is_empty() {
            return Ok(());
        }
        let written = words_of(self.server.writer().context("down")?, id, &fields)?;
        let burn = self.faults.burn(&mut self.rng);
        let done = self.server.erase(id, &fields, self.now, burn)?;
        self.server_struck();
        if !done {
            return Ok(());
        }
        self.coverage.count(if fields.contains("") { "records erased" } else { "fields erased" });
        self.say(format!("the office erases {fields:?} of a {}", row.kind));
        self.erasures.words.extend(written);
        for phone in &mut self.phones {
            fields.iter().for_each(|field| phone.promises.erase(id, field));
        }
        self.erasures.fields.entry(id).or_default().extend(fields);
        Ok(())
    }

    fn fields_to_erase(&mut self, row: &Row) -> BTreeSet<String> {
        if self.rng.chance(400) {
            return BTreeSet::from([String::new()]);
        }
        let may: Vec<&String> = row.fields.keys().filter(|name| !LINKS.contains(&name.as_str())).collect();
        if may.is_empty() {
            return BTreeSet::new();
        }
        (0..1 + self.rng.below(2)).map(|_| (*self.rng.pick(&may)).clone()).collect()
    }

    /// Nothing that was erased stands anywhere: in no patch, row or conflict of these records, and its words in no table.
    ///
    /// # Errors
    /// When something does.
    pub(super) fn nothing_erased_stands_anywhere(&self) -> Result<()> {
        let mut words = self.erasures.words.clone();
        for phone in &self.phones {
            let erased =
                phone.promises.written().filter(|(_, id, field, _)| phone.promises.is_erased(*id, field));
            words.extend(erased.filter_map(|(_, _, _, value)| marked(value)));
        }
        let server = self.server.writer().context("down")?;
        let kept = rows(server, "SELECT record, field FROM erased")?.len();
        let wanted = self.erasures.fields.values().map(BTreeSet::len).sum::<usize>();
        ensure!(kept == wanted, "{kept} of {wanted} erasures are on the server's list");
        let bodies = ["SELECT record, body FROM patch", "SELECT id, body FROM record"];
        self.nothing_stands_in(server, &bodies, &words).context("on the server")?;
        for phone in self.phones.iter().filter(|phone| knows_erasure(phone)) {
            let bodies = [
                "SELECT record, body FROM whole_patch",
                "SELECT id, body FROM record",
                "SELECT id, body FROM former_record",
            ];
            let clean = self.nothing_stands_in(phone.db()?, &bodies, &words);
            clean.with_context(|| format!("on phone {}", phone.index))?;
        }
        Ok(())
    }

    fn nothing_stands_in(&self, db: &Connection, bodies: &[&str], words: &BTreeSet<String>) -> Result<()> {
        for sql in bodies {
            let mut statement = db.prepare(sql)?;
            let mut found = statement.query([])?;
            while let Some(row) = found.next()? {
                let (id, body) = (Uuid::from_bytes(row.get(0)?), row.get::<_, String>(1)?);
                self.says_nothing(id, &serde_json::from_str(&body)?).with_context(|| (*sql).to_owned())?;
            }
        }
        for cells in rows(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")? {
            let Some(Sql::Text(table)) = cells.first() else { continue };
            for cell in rows(db, &format!("SELECT * FROM {table}"))?.into_iter().flatten() {
                let Sql::Text(text) = cell else { continue };
                let word =
                    text.contains(MARK).then(|| words.iter().find(|word| text.contains(*word))).flatten();
                ensure!(word.is_none(), "{word:?} was erased and stands in {table}");
            }
        }
        Ok(())
    }

    /// A patch, a row or a conflict says nothing of what was erased.
    fn says_nothing(&self, id: Uuid, body: &serde_json::Value) -> Result<()> {
        let set = body.get("set").unwrap_or(body);
        let none = BTreeSet::new();
        let of_record = self.erasures.fields.get(&id).unwrap_or(&none);
        for (name, value) in set.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let is_left = of_record.contains("") && matches!(name.as_str(), "deleted" | "village");
            let is_erased = of_record.contains("") || of_record.contains(name);
            ensure!(!is_erased || is_left, "{name} was erased and is {value}");
        }
        let text = |name: &str| set.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let of_conflict = Uuid::try_parse(text("record")).ok().and_then(|id| self.erasures.fields.get(&id));
        let is_erased =
            of_conflict.is_some_and(|fields| fields.contains("") || fields.contains(text("field")));
        let other = set.get("other").filter(|other| !other.is_null());
        ensure!(!is_erased || other.is_none(), "the words that lost were erased and are {other:?}");
        Ok(())
    }
}

/// A phone of the first version is sent emptied rows, and keeps what it wrote itself.
fn knows_erasure(phone: &Phone) -> bool {
    !phone.older
}

/// The marked words that stand in these fields of a record's patches.
fn words_of(server: &Connection, id: Uuid, fields: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let mut statement = server.prepare("SELECT body FROM patch WHERE record = ?1")?;
    let mut patches = statement.query([id.as_bytes()])?;
    let mut words = BTreeSet::new();
    while let Some(row) = patches.next()? {
        let body: serde_json::Value = serde_json::from_str(&row.get::<_, String>(0)?)?;
        for (name, value) in body.get("set").and_then(serde_json::Value::as_object).into_iter().flatten() {
            if fields.contains("") || fields.contains(name) {
                words.extend(marked(&serde_json::from_value(value.clone())?));
            }
        }
    }
    Ok(words)
}

fn marked(value: &Value) -> Option<String> {
    value.as_text().filter(|text| text.starts_with(MARK)).map(str::to_owned)
}
