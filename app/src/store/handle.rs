//! The store itself: its database, and the answers to requests.

use super::{
    Event, Identity, NotTold, Reply, Request, Status, StoreError, SyncLine, SyncPhase, amend, campaign,
    conflicts, db_error, drafts, erase_draft, households,
    meta::{self, Membership},
    overview, photos, placing, records,
    register::Register,
    tally,
};
use lianxin_shared::{
    replica::Clock,
    sqlite::{REPLICA_V1, REPLICA_V2, REPLICA_V3, migrate, refresh_stale},
    wire::v1::{EnrolResponse, ErrorCode, HistoryResponse},
};
use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

/// Schema steps of the phone's database, oldest first; a shipped one is never edited.
pub const MIGRATIONS: [&str; 8] = [
    REPLICA_V1,
    include_str!("schema/phone_v1.sql"),
    REPLICA_V2,
    include_str!("schema/phone_v2.sql"),
    include_str!("schema/phone_v3.sql"),
    REPLICA_V3,
    include_str!("schema/phone_v4.sql"),
    include_str!("schema/phone_v5.sql"),
];

/// Where it is kept why the server turns this phone away; empty while it does not.
const REFUSED: &str = "refused";
const REVOKED: &str = "revoked";
const UNKNOWN: &str = "unknown";

/// Prepared statements kept.
#[allow(non_upper_case_globals)]
const statements_max: usize = 128;

/// The one owner of the database connection.
pub struct Store {
    pub(super) connection: Connection,
    pub(super) events: Vec<Event>,
    /// What the driver last said.
    pub(super) phase: SyncPhase,
    problem: String,
    pub(super) register: Register,
}

impl Store {
    /// Opens the store over a keyed connection, bringing an older schema up to date.
    ///
    /// # Errors
    /// When the database cannot be brought to this version's schema.
    pub fn open(mut connection: Connection) -> Result<Self, StoreError> {
        connection.set_prepared_statement_cache_capacity(statements_max);
        migrate(&mut connection, &MIGRATIONS)?;
        refresh_stale(&mut connection, records::shown)?;
        Ok(Self {
            connection,
            events: Vec::new(),
            phase: SyncPhase::default(),
            problem: String::new(),
            register: Register::default(),
        })
    }

    /// Does what was asked; what it answers is durable. [`Request::SyncNow`], [`Request::Online`],
    /// [`Request::FetchPicture`] and [`Request::FetchHistory`] belong to the driver beside the store, which takes them
    /// afterwards.
    ///
    /// # Errors
    /// [`StoreError`], in the user's words.
    pub fn handle(&mut self, request: Request, now_ms: i64) -> Result<Reply, StoreError> {
        match request {
            Request::Status => self.status(),
            Request::Enrol { server_url, enrolled } => self.enrol(&server_url, &enrolled, now_ms),
            Request::Save(edit) => {
                let saved = self.write(|db, clock| records::save(db, clock, edit, now_ms))?;
                self.changed();
                Ok(Reply::Record(saved))
            }
            Request::PlaceHousehold { id, village } => {
                let placed = self.transact(|db| placing::place(db, id, &village))?;
                self.changed();
                Ok(Reply::Record(placed))
            }
            Request::StartVisit { target } => {
                let draft = self.transact(|db| drafts::start(db, target, now_ms))?;
                self.open_draft(draft.id, now_ms)
            }
            Request::AmendVisit { id } => {
                let own = self.identity()?.cadre;
                self.transact(|db| amend::start(db, id, &own, now_ms))?;
                self.open_draft(id, now_ms)
            }
            Request::SaveDraft(draft) => {
                self.transact(|db| drafts::keep(db, &erase_draft::emptied(db, *draft)?))?;
                Ok(Reply::Done)
            }
            Request::DiscardDraft { id } => {
                self.transact(|db| drafts::discard(db, id))?;
                Ok(Reply::Done)
            }
            Request::CompleteVisit { id } => {
                let running = campaign::running(&self.connection, now_ms)?;
                let who = self.identity()?;
                self.write(|db, clock| {
                    drafts::complete(db, clock, id, (&running, &who.cadre, &who.cadre_name), now_ms)
                })?;
                self.changed();
                Ok(Reply::Done)
            }
            Request::Resolve { conflict, take } => {
                self.write(|db, clock| conflicts::resolve(db, clock, conflict, take, now_ms))?;
                self.changed();
                Ok(Reply::Done)
            }
            Request::SavePlace { route } => self.keep("place", &route),
            Request::SetFontSize { size } => {
                let text = serde_json::to_string(&size).map_err(|e| StoreError::Broken(e.to_string()))?;
                self.keep("font_size", &text)
            }
            Request::KeepPhoto(new) => self.keep_photo(&new),
            Request::Picture { name, size } => self.picture(&name, size),
            Request::PhotoPlace { name } => self.photo_place(name),
            Request::SyncNow
            | Request::Online { .. }
            | Request::FetchPicture { .. }
            | Request::FetchHistory { .. } => Ok(Reply::Done),
            reading => self.read(reading, now_ms),
        }
    }

    /// The requests that write nothing.
    fn read(&mut self, request: Request, now_ms: i64) -> Result<Reply, StoreError> {
        let running = campaign::running(&self.connection, now_ms)?;
        let who = self.identity()?;
        let db = &self.connection;
        Ok(match request {
            Request::Today => {
                let chips = self.register.chips(db, &running)?;
                Reply::Today(overview::today(db, &running, chips, &who.cadre, now_ms)?)
            }
            Request::Households(query) => {
                Reply::Households(self.register.find(db, &query, &running, &who.cadre)?)
            }
            Request::Household { id } => {
                Reply::Household(Box::new(households::page(db, id, &running, &who, now_ms)?))
            }
            Request::Record { id } => Reply::Record(records::load(db, id)?),
            Request::Draft { id } => return self.open_draft(id, now_ms),
            Request::Visit { id } => Reply::Visit(Box::new(drafts::visit_page(db, id, &who.cadre)?)),
            Request::Diary { date } => Reply::Diary(overview::diary(db, &who, &date, now_ms)?),
            Request::Mine => Reply::Mine(Box::new(overview::mine(db, who, self.sync_line()?, now_ms)?)),
            _ => Reply::Done,
        })
    }

    fn open_draft(&self, id: Uuid, now_ms: i64) -> Result<Reply, StoreError> {
        let db = &self.connection;
        let running = campaign::running(db, now_ms)?;
        let draft = drafts::read(db, id)?;
        let open = drafts::open(db, draft, &running, &self.identity()?.cadre)?;
        Ok(Reply::Draft(Box::new(open)))
    }

    fn status(&self) -> Result<Reply, StoreError> {
        let db = &self.connection;
        let refused = meta::get(db, REFUSED)?;
        let drafts_open = u32::try_from(drafts::list(db)?.len()).unwrap_or(u32::MAX);
        Ok(Reply::Status(Status {
            identity: meta::identity(db)?,
            font_size: meta::font_size(db)?,
            place: meta::get(db, "place")?.unwrap_or_default(),
            sync: self.sync_line()?,
            drafts_open,
            locked: refused.as_deref() == Some(REVOKED),
            unknown: refused.as_deref() == Some(UNKNOWN),
        }))
    }

    fn enrol(
        &mut self,
        server_url: &str,
        enrolled: &EnrolResponse,
        now_ms: i64,
    ) -> Result<Reply, StoreError> {
        let member = meta::membership(&self.connection)?;
        if member.as_ref().is_some_and(|member| member.server_id == enrolled.server_id) {
            let who = self.identity()?;
            let is_same = who.cadre_name == enrolled.cadre_name
                && (who.unit == enrolled.unit
                    || who.villages.keys().any(|code| enrolled.villages.contains_key(code)));
            if who.cadre != enrolled.cadre && !is_same {
                return Err(StoreError::Invalid(format!(
                    "这个登记码是给 {}（{}）的，这部手机是 {}（{}）的，没有改动。您写的都在本机，请让乡镇走访办重开一个码。",
                    enrolled.cadre_name, enrolled.unit, who.cadre_name, who.unit
                )));
            }
            self.transact(|db| {
                meta::become_other(db, enrolled, now_ms)?;
                meta::set(db, "cadre", &enrolled.cadre)?;
                meta::set(db, REFUSED, "")?;
                meta::set(db, "server_url", server_url.trim_end_matches('/'))
            })?;
            self.changed();
            return self.status();
        }
        if member.is_some() {
            return Err(StoreError::Invalid(
                "这部手机已经登记过了，里面有原来那台服务器的资料，没有改动。要换服务器，请用另一个浏览器登记。".to_owned(),
            ));
        }
        self.transact(|db| meta::become_device(db, server_url, enrolled, now_ms))?;
        self.status()
    }

    fn identity(&self) -> Result<Identity, StoreError> {
        Ok(meta::identity(&self.connection)?.unwrap_or_default())
    }

    /// Keeps a setting; one that stands already costs no write, at the start above all.
    fn keep(&mut self, key: &str, value: &str) -> Result<Reply, StoreError> {
        if meta::get(&self.connection, key)?.as_deref() == Some(value) {
            return Ok(Reply::Done);
        }
        self.transact(|db| meta::set(db, key, value))?;
        Ok(Reply::Done)
    }

    /// Runs `work` in one durable transaction.
    pub(super) fn transact<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let tx =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(db_error)?;
        let result = work(&tx)?;
        tx.commit().map_err(db_error)?;
        Ok(result)
    }

    /// A transaction that mints stamps; the clock is kept with them.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Clock) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(|db| {
            let mut clock = records::clock_of(db)?;
            let result = work(db, &mut clock)?;
            meta::keep_clock(db, &clock)?;
            Ok(result)
        })
    }

    pub(super) fn changed(&mut self) {
        self.register.note_change();
        self.say_sync_line();
    }

    /// A record's history has come, or why not.
    pub(crate) fn history_told(&mut self, record: Uuid, told: Result<HistoryResponse, NotTold>) {
        self.events.push(Event::History { record, told });
    }

    pub(super) fn say_sync_line(&mut self) {
        if let Ok(line) = self.sync_line() {
            self.events.push(Event::Sync(line));
        }
    }

    /// The line at the top.
    fn sync_line(&self) -> Result<SyncLine, StoreError> {
        let (waiting, waiting_since_ms) = overview::waiting_records(&self.connection)?;
        let last_ms = meta::get(&self.connection, "last_sync_ms")?.and_then(|text| text.parse().ok());
        Ok(SyncLine {
            phase: self.phase,
            waiting,
            waiting_since_ms,
            tally: tally::of_line(&self.connection, waiting)?,
            photos: photos::lacking(&self.connection)?.0,
            last_ms: last_ms.unwrap_or(0),
            problem: self.problem.clone(),
            clock_off_ms: meta::clock(&self.connection)?.map_or(0, |clock| clock.offset_ms()),
        })
    }

    /// Takes what the store has to say since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The server that this phone belongs to; none before enrolment.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn membership(&self) -> Result<Option<Membership>, StoreError> {
        meta::membership(&self.connection)
    }

    /// What the driver reports for the line at the top.
    pub fn report(&mut self, phase: SyncPhase, problem: &str) {
        self.phase = phase;
        self.problem = problem.to_owned();
        self.say_sync_line();
    }

    /// The server has turned this phone away, or takes it again (no code): kept, for the screens to say what to do.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn note_standing(&mut self, code: Option<ErrorCode>) -> Result<(), StoreError> {
        let standing = match code {
            Some(ErrorCode::Revoked) => REVOKED,
            Some(ErrorCode::Unauthorized) => UNKNOWN,
            Some(_) => return Ok(()),
            None => "",
        };
        if meta::get(&self.connection, REFUSED)?.unwrap_or_default() != standing {
            self.transact(|db| meta::set(db, REFUSED, standing))?;
            self.events.push(Event::Standing);
        }
        Ok(())
    }

    /// The database itself, for checks in tests and for the storage line.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}
