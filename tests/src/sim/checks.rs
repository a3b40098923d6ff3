//! What must hold when everything has come to rest, and, of receipts, at every crash.

use super::{
    oracle::{self, Record, hex},
    phone::Phone,
    promises::brief,
    world::{REGION, World},
};
use anyhow::{Context, Result, bail, ensure};
use lianxin_app::store::{HouseholdQuery, Loaded, Reply, Request};
use lianxin_server::service::NOT_GRANTED;
use lianxin_shared::{
    domain::household::field::HEAD,
    replica::{FieldVersion, Row, Stamp, Value, kind},
    sqlite::{REPLICA_V1, REPLICA_V2, REPLICA_V3, Replica, digest_of, migrate, project, read_row, uuid_at},
};
use rusqlite::{Connection, types::Value as Sql};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use uuid::Uuid;

const PROJECTIONS: [&str; 9] =
    ["village", "campaign", "household", "person", "tag", "visit", "opinion", "diary", "conflict"];

/// Everything.
///
/// # Errors
/// When the contract is broken.
pub fn all(world: &mut World) -> Result<()> {
    for phone in 0..world.phones.len() {
        receipts_are_durable(world, phone)?;
    }
    let server = world.server.writer().context("down")?;
    let report = lianxin_server::service::check(server)?;
    ensure!(report.problems.is_empty(), "the server's own check: {:?}", report.problems);
    let stored = oracle::stored(server)?;
    equals_the_oracle(server, &stored)?;
    // What was held because its household had moved away waits for the office, also if the household comes back.
    if !world.disasters.moves {
        nothing_is_held_that_was_granted(server)?;
    }
    count_what_came_of_it(world)?;
    world.nothing_erased_stands_anywhere()?;
    let open = conflicts_for_cadres(world.server.writer().context("down")?)?;
    for index in 0..world.phones.len() {
        phone_is_right(world, index, &stored, &open).with_context(|| format!("phone {index} at the end"))?;
    }
    Ok(())
}

/// Open conflicts but for those that the office alone can settle.
fn conflicts_for_cadres(server: &Connection) -> Result<BTreeSet<Uuid>> {
    let sql = "SELECT c.id FROM conflict c JOIN record r ON r.id = c.record WHERE c.open = 1
               AND r.kind NOT IN ('village', 'campaign') AND (r.kind, c.field) <> ('household', 'village')";
    let mut statement = server.prepare(sql)?;
    let ids = statement.query_map([], |row| uuid_at(row, "id"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// What was held because its village was not its writer's is let in when it becomes theirs, unless nothing is left of it.
fn nothing_is_held_that_was_granted(server: &Connection) -> Result<()> {
    let sql = "SELECT count(*) FROM patch p JOIN device d ON d.id = p.device
               JOIN cadre_village g ON g.cadre = d.cadre AND g.village = p.village
               LEFT JOIN record r ON r.id = p.record
               WHERE p.held = ?1 AND coalesce(r.village, p.village) = p.village
                 AND p.record NOT IN (SELECT record FROM erased WHERE field = '')";
    let held: i64 = server.query_row(sql, [NOT_GRANTED], |row| row.get(0))?;
    ensure!(held == 0, "{held} patches are held although their village is their writer's");
    Ok(())
}

/// The server's rows and open conflicts are the oracle's.
fn equals_the_oracle(server: &Connection, stored: &BTreeMap<String, Record>) -> Result<()> {
    let truth = oracle::truth(server)?;
    let people: BTreeMap<_, _> = stored.iter().filter(|(_, record)| record.kind != kind::CONFLICT).collect();
    let erased = oracle::erased_whole(server)?;
    for (id, record) in &truth.records {
        let found = people.get(id).with_context(|| format!("the server lost a {}", record.kind))?;
        // Of one that is erased nothing says any more with which household it went along.
        let record = &Record {
            village: if erased.contains(id) { &found.village } else { &record.village }.clone(),
            ..record.clone()
        };
        ensure!(*found == record, "the server's row is not the oracle's: {}", difference(found, record));
    }
    ensure!(people.len() == truth.records.len(), "the server has records that nobody wrote");
    let conflicts = oracle::stored_conflicts(stored)?;
    let (missing, extra) =
        (truth.conflicts.difference(&conflicts).count(), conflicts.difference(&truth.conflicts).count());
    ensure!(missing + extra == 0, "open conflicts: {missing} are missing, {extra} are none");
    Ok(())
}

fn difference(found: &Record, wanted: &Record) -> String {
    let names: BTreeSet<_> = found.fields.keys().chain(wanted.fields.keys()).collect();
    let differs = |name: &&&String| found.fields.get(**name) != wanted.fields.get(**name);
    match names.iter().find(differs) {
        Some(name) => format!("{name}: {:?}, not {:?}", found.fields.get(*name), wanted.fields.get(*name)),
        None => format!("{} in {}, not {} in {}", found.kind, found.village, wanted.kind, wanted.village),
    }
}

fn count_what_came_of_it(world: &mut World) -> Result<()> {
    let server = world.server.writer().context("down")?;
    let count = |sql: &str| server.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs);
    let patches = count("SELECT count(*) FROM patch")?;
    let held = count("SELECT count(*) FROM patch WHERE held <> ''")?;
    let conflicts = count("SELECT count(*) FROM record WHERE kind = 'conflict'")?;
    let stamps = count("SELECT count(DISTINCT stamp) FROM patch")?;
    let salvaged = count("SELECT count(*) FROM salvaged")?;
    // A salvaged write comes again from its own writer, and copied phones send what both have; one stamp is one write.
    let once = world.disasters.copies || stamps + salvaged >= patches;
    ensure!(once, "{} patches were applied twice", patches - stamps);
    world.nothing_pulled_is_lost()?;
    world.coverage.add("patches", patches);
    world.coverage.add("patches held", held);
    world.coverage.add("conflicts made", conflicts);
    Ok(())
}

/// A row of any table.
pub(super) type Cells = Vec<Sql>;

pub(super) fn rows(db: &Connection, sql: &str) -> Result<Vec<Cells>> {
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a phone holds receipts for is on the server's disk, with the same content.
///
/// # Errors
/// When it is not.
pub fn receipts_are_durable(world: &World, phone: usize) -> Result<()> {
    let phone = &world.phones[phone];
    let server = world.server.writer().context("down")?;
    if !knows_the_life_of(phone, server, world.unnoticed)? {
        return Ok(());
    }
    let device = phone.device.to_i64();
    let found = server.query_row("SELECT receipt FROM device WHERE id = ?1", [device], |r| r.get(0));
    let Some(receipt): Option<i64> = rusqlite::OptionalExtension::optional(found)? else { return Ok(()) };
    let columns = "device_seq, stamp, record, kind, village, hash";
    let mine = format!("SELECT {columns} FROM patch WHERE state >= 2 AND device_seq > 0 ORDER BY device_seq");
    let theirs = format!("SELECT {columns} FROM patch WHERE device = {device} ORDER BY device_seq");
    let (mine, theirs) = (rows(phone.db()?, &mine)?, rows(server, &theirs)?);
    ensure!(i64::try_from(theirs.len())? == receipt, "the receipt {receipt} covers {} patches", theirs.len());
    ensure!(mine.len() <= theirs.len(), "phone {} has receipts that the server lost", phone.index);
    let same = mine.iter().zip(&theirs).all(|(mine, theirs)| mine == theirs);
    ensure!(same, "a patch of phone {} is another one on the server", phone.index);
    Ok(())
}

/// Whether the phone has heard that the server lives anew. Taken back silently, the server itself does not know it as
/// long as the life lasts.
fn knows_the_life_of(phone: &Phone, server: &Connection, unnoticed: Option<Uuid>) -> Result<bool> {
    let mine: String =
        phone.db()?.query_row("SELECT value FROM meta WHERE key = 'epoch'", [], |row| row.get(0))?;
    let theirs = lianxin_server::storage::read_identity(server)?.epoch;
    Ok(mine == theirs.to_string() && unnoticed != Some(theirs))
}

fn phone_is_right(
    world: &mut World,
    index: usize,
    stored: &BTreeMap<String, Record>,
    open: &BTreeSet<Uuid>,
) -> Result<()> {
    let now = world.now;
    let server = world.server.writer().context("down")?;
    let allowed = world.known(world.phones[index].device)?.villages;
    let phone = &world.phones[index];
    patches_are_all_there(phone, server, world.disasters.copies)?;
    rows_are_the_servers(phone, server, stored, &allowed)?;
    let phone = &mut world.phones[index];
    phone.keeps_its_promises(usize::MAX, now)?;
    let mut shown_open = conflicts_shown(phone, now)?;
    let of_village =
        |id: &&Uuid| stored.get(&hex(id.as_bytes())).is_some_and(|r| allowed.contains(&r.village));
    // A withdrawn village in which a visit is being written still shows what it had.
    shown_open.retain(|id| of_village(&id));
    let mut open: BTreeSet<Uuid> = open.iter().filter(of_village).copied().collect();
    // Settled here by words that the township keeps apart, it is open only there.
    let kept_apart = "SELECT id FROM conflict WHERE record IN
                        (SELECT record FROM patch WHERE held <> '' AND state = 2)";
    for row in rows(phone.db()?, kept_apart)? {
        let id = if let Some(Sql::Blob(id)) = row.first() { Uuid::from_slice(id)? } else { continue };
        shown_open.remove(&id);
        open.remove(&id);
    }
    ensure!(shown_open == open, "{} conflicts are shown of {}", shown_open.len(), open.len());
    shows_what_it_holds(phone, now)?;
    phone.finds_what_the_tables_have(12, now)?;
    every_household_is_found(phone, now)
}

/// Every patch that was acknowledged is on the server once, with what was typed, and nothing else is.
fn patches_are_all_there(phone: &Phone, server: &Connection, copied: bool) -> Result<()> {
    let count = |db: &Connection, sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mine = count(phone.db()?, "SELECT count(*) FROM patch")?;
    let device = phone.device.to_i64();
    let theirs = count(server, &format!("SELECT count(*) FROM patch WHERE device = {device}"))?;
    ensure!(copied || mine == theirs, "{mine} patches were written and {theirs} are on the server");
    let mut find =
        server.prepare("SELECT json_group_array(json_extract(body, '$.set')) FROM patch WHERE stamp = ?1")?;
    let mut sets: BTreeMap<Stamp, BTreeMap<String, Value>> = BTreeMap::new();
    for (stamp, record, field, value) in phone.promises.written() {
        if phone.promises.is_erased(record, field) {
            continue;
        }
        let set = match sets.entry(stamp) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let found: String = find.query_row([stamp.to_bytes()], |row| row.get(0))?;
                let found: Vec<BTreeMap<String, Value>> = serde_json::from_str(&found)?;
                if found.is_empty() && waits_for_a_grant(phone, stamp)? {
                    continue;
                }
                ensure!(!found.is_empty(), "{field} = {} was saved and is not on the server", brief(value));
                unread.insert(found.into_iter().flatten().collect())
            }
        };
        let sent = set.get(field);
        ensure!(sent == Some(value), "{field} = {} was saved, {sent:?} is on the server", brief(value));
    }
    Ok(())
}

/// Written as a device that a later life of the server does not know, in a village that this life never gave the cadre:
/// it stays on the phone, and is offered again when the village is granted.
fn waits_for_a_grant(phone: &Phone, stamp: Stamp) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM patch WHERE stamp = ?1 AND orphan = 4)";
    Ok(phone.db()?.query_row(sql, [stamp.to_bytes()], |row| row.get(0))?)
}

/// The phone's rows are the server's rows of its villages, field by field with stamps and orders, and no others.
fn rows_are_the_servers(
    phone: &Phone,
    server: &Connection,
    stored: &BTreeMap<String, Record>,
    allowed: &BTreeSet<String>,
) -> Result<()> {
    let mut mine = oracle::stored(phone.db()?)?;
    // A withdrawn village stays as it was while a visit there is being written.
    let writing: BTreeSet<String> = rows(
        phone.db()?,
        "SELECT h.village FROM draft JOIN household h ON h.id = draft.household
             UNION SELECT r.village FROM record r JOIN draft ON instr(draft.body, r.village) > 0",
    )?
    .into_iter()
    .filter_map(|row| if let Some(Sql::Text(village)) = row.first() { Some(village.clone()) } else { None })
    .filter(|village| !allowed.contains(village))
    .collect();
    mine.retain(|_, record| !writing.contains(&record.village));
    if let Some(foreign) = mine.values().find(|record| !allowed.contains(&record.village)) {
        bail!("holds a {} of {}, which was not granted", foreign.kind, foreign.village);
    }
    for (id, record) in stored.iter().filter(|(_, record)| allowed.contains(&record.village)) {
        let found = mine.get(id).with_context(|| format!("lacks a {}", record.kind))?;
        ensure!(found == record, "a {} is not the server's: {}", record.kind, difference(found, record));
    }
    let theirs = stored.values().filter(|record| allowed.contains(&record.village)).count();
    ensure!(mine.len() == theirs, "has {} records, the server {theirs}", mine.len());
    let theirs = heads(server)?;
    for (id, (number, hash, village)) in heads(phone.db()?)? {
        let Some((newest, same_hash, same_village)) = theirs.get(&id) else { continue };
        if writing.contains(&village) {
            continue;
        }
        ensure!(
            (&hash, &village) == (same_hash, same_village),
            "a row's hash or village is not the server's"
        );
        // What was erased while its village was withdrawn, and a visit there was being written, was emptied where it lay:
        // granted again, nothing differs, and nothing is sent.
        ensure!(number <= *newest, "a row's number is of the future");
    }
    let digest = |db: &Connection| digest_of(db, allowed.iter().map(String::as_str));
    ensure!(digest(phone.db()?)? == digest(server)?, "the digests differ");
    Ok(())
}

/// Number, hash and village of each row.
fn heads(db: &Connection) -> Result<BTreeMap<Uuid, (i64, i64, String)>> {
    let mut statement = db.prepare("SELECT id, seq, hash, village FROM record")?;
    let heads = statement.query_map([], |row| {
        Ok((uuid_at(row, "id")?, (row.get("seq")?, row.get("hash")?, row.get("village")?)))
    })?;
    Ok(heads.collect::<Result<_, _>>()?)
}

fn conflicts_shown(phone: &mut Phone, now: i64) -> Result<BTreeSet<Uuid>> {
    let Reply::Mine(mine) = phone.ask(Request::Mine, now)? else { bail!("no page 我的") };
    ensure!(mine.waiting.things() == 0 && mine.outbox.is_empty(), "我的 still shows records that wait");
    Ok(mine.conflicts.iter().map(|conflict| conflict.id).collect())
}

/// The phone shows the server's rows with its own patches over them, and everything shown, derived anew in an empty
/// database, gives the tables that its screens search.
///
/// # Errors
/// When it does not.
pub fn shows_what_it_holds(phone: &mut Phone, now: i64) -> Result<()> {
    let mut copy = Connection::open_in_memory()?;
    migrate(&mut copy, &[REPLICA_V1, REPLICA_V2, REPLICA_V3])?;
    for (id, wanted) in oracle::shown(phone.db()?)? {
        let id = Uuid::parse_str(&id)?;
        let shown = phone.record(id, now)?.context("a record that is not shown")?;
        let row = as_row(shown)?;
        project(&copy, &row)?;
        ensure!(row.fields.len() == wanted.fields.len(), "a {} shows other fields than it has", row.kind);
        for (name, field) in wanted.fields {
            let version = row.fields.get(&name).with_context(|| format!("{name} is not shown"))?;
            let same = version.stamp.to_string() == field.stamp
                && serde_json::to_value(&version.value)? == field.value;
            ensure!(same, "{name} shows {}, not {}", brief(&version.value), field.value);
        }
    }
    for table in PROJECTIONS {
        let sql = format!("SELECT * FROM {table} ORDER BY 1, 2");
        let (kept, rebuilt) = (rows(phone.db()?, &sql)?, rows(&copy, &sql)?);
        let differs = kept
            .iter()
            .find(|row| !rebuilt.contains(row))
            .or_else(|| rebuilt.iter().find(|row| !kept.contains(row)));
        ensure!(
            kept == rebuilt,
            "the projection {table} is not what a rebuild gives: {differs:?} of {} and {}",
            kept.len(),
            rebuilt.len()
        );
    }
    Ok(())
}

/// What a screen shows of a record, as projections are derived from it.
fn as_row(shown: Loaded) -> Result<Row> {
    let mut row = Row::empty(&shown.kind, shown.id, &shown.village);
    for (name, value) in shown.fields {
        let stamp = *shown.stamps.get(&name).context("a value without a stamp")?;
        row.fields.insert(name, FieldVersion { value, stamp, order: stamp });
    }
    Ok(row)
}

fn every_household_is_found(phone: &mut Phone, now: i64) -> Result<()> {
    let known = rows(phone.db()?, "SELECT id, head FROM household WHERE head <> ''")?;
    let heads: BTreeSet<String> = known
        .iter()
        .filter_map(|row| if let Some(Sql::Text(head)) = row.get(1) { Some(head.clone()) } else { None })
        .collect();
    let mut found = BTreeSet::new();
    for text in heads {
        let query = HouseholdQuery { text: text.clone(), limit: 200, ..HouseholdQuery::default() };
        let Reply::Households(page) = phone.ask(Request::Households(query), now)? else { bail!("no list") };
        found.extend(page.rows.iter().filter(|row| row.head == text).map(|row| row.id));
    }
    ensure!(found.len() == known.len(), "{} of {} households are found by {HEAD}", found.len(), known.len());
    Ok(())
}

/// Damages rows of a phone behind its back: one changed, one gone, one that never was. Its screens show what they say.
///
/// # Errors
/// When SQLite fails.
pub fn damage(world: &mut World) -> Result<()> {
    let index = world.rng.below(world.phones.len());
    let id = world.fresh_id();
    let (now, phone) = (world.now, &mut world.phones[index]);
    let village = phone.villages.first().context("no village")?.clone();
    ensure!(village != REGION, "a village is no township");
    let stamp = Stamp { wall_ms: 1, counter: 0, device: phone.device };
    for row in damage_rows(phone.db()?, &Row::empty(kind::HOUSEHOLD, id, &village), stamp)? {
        let mut shown = match phone.record(row.id, now)? {
            Some(shown) => as_row(shown)?,
            None => row,
        };
        if shown.fields.is_empty() {
            shown.mark_deleted();
        }
        project(phone.db()?, &shown)?;
    }
    world.say(format!("rows of phone {index} are damaged"));
    Ok(())
}

/// The rows it did it to, as they are now; one that is gone has no fields.
fn damage_rows(db: &Connection, ghost: &Row, stamp: Stamp) -> Result<Vec<Row>> {
    let households = rows(db, "SELECT id FROM record WHERE kind = 'household' ORDER BY seq")?;
    let mut replica = Replica::new(db);
    let mut damaged = Vec::new();
    for (n, cells) in households.iter().take(4).enumerate() {
        let Some(Sql::Blob(bytes)) = cells.first() else { continue };
        let Some(mut row) = read_row(db, Uuid::from_slice(bytes)?)? else { continue };
        if n % 2 == 0 {
            replica.remove(row.id)?;
            row.fields.clear();
        } else if let Some(head) = row.fields.get_mut(HEAD) {
            head.value = "坏了的字节".into();
            replica.put(&row)?;
        }
        damaged.push(row);
    }
    let mut ghost = ghost.clone();
    let version = FieldVersion { value: "不存在的户".into(), stamp, order: stamp };
    ghost.fields.insert(HEAD.to_owned(), version);
    ghost.seq = 1;
    replica.put(&ghost)?;
    replica.finish()?;
    damaged.push(ghost);
    Ok(damaged)
}
