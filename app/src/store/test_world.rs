//! For tests: a phone's store, and the answers that a server would give it.

use super::{Edit, Loaded, OpenDraft, Reply, Request, Store, StoreError, VisitTarget, draft::VisitDraft};
use lianxin_shared::{
    replica::{Base, ChainHash, DeviceId, FieldSet, FieldVersion, Patch, PatchHash, Row, Stamp, Value},
    wire::v1::{Accepted, Cursor, EnrolResponse, Erased, Held, Receipt, SyncResponse, batch_of_rows},
};
use rusqlite::{Connection, types::Value as Sql};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(super) const VILLAGE: &str = "519921105201";
pub(super) const OTHER_VILLAGE: &str = "519921105202";
pub(super) const NOW_MS: i64 = 1_448_172_300_000;
pub(super) const DEVICE: DeviceId = DeviceId::from_bits(7);

/// A phone and what its server has of it.
pub(super) struct World {
    pub(super) store: Store,
    pub(super) receipt: Receipt,
    pub(super) seq: u64,
    pub(super) epoch: Uuid,
    /// What each answer says is held.
    pub(super) held: Vec<Held>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::over(Connection::open_in_memory().unwrap())
    }

    pub(super) fn over(connection: Connection) -> Self {
        let mut store = Store::open(connection).unwrap();
        let epoch = Uuid::from_u128(2);
        store
            .handle(
                Request::Enrol { server_url: "http://here".to_owned(), enrolled: enrolled(DEVICE, epoch) },
                NOW_MS,
            )
            .unwrap();
        let receipt = Receipt { device_seq: 0, chain: ChainHash::start(DEVICE) };
        World { store, receipt, seq: 0, epoch, held: Vec::new() }
    }

    pub(super) fn save(
        &mut self,
        id: Uuid,
        kind: &str,
        fields: &[(&str, &str)],
    ) -> Result<Loaded, StoreError> {
        let set: FieldSet =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let base = match self.store.handle(Request::Record { id }, NOW_MS) {
            Ok(Reply::Record(shown)) => {
                shown.stamps.into_iter().map(|(name, stamp)| (name, vec![stamp])).collect()
            }
            _ => Base::new(),
        };
        let edit = Edit { kind: kind.into(), id: Some(id), village: VILLAGE.into(), set, base };
        match self.store.handle(Request::Save(edit), NOW_MS)? {
            Reply::Record(loaded) => Ok(loaded),
            other => panic!("{other:?}"),
        }
    }

    /// The server takes what is sent, and sends these rows and entries.
    pub(super) fn exchange(&mut self, rows: Vec<Row>, erased: &[(Uuid, &str)]) -> Vec<Patch> {
        let sent = self.store.sync_load(1 << 20, None).unwrap().patches;
        let chain = sent.iter().fold(self.receipt.chain, |chain, patch| chain.then(PatchHash::of(patch)));
        let first = self.receipt.device_seq + 1;
        self.receipt = Receipt { device_seq: self.receipt.device_seq + sent.len() as u64, chain };
        let seqs = if rows.is_empty() { vec![1; sent.len()] } else { vec![0; sent.len()] };
        self.seq += sent.len() as u64;
        self.told(rows, erased, Accepted { first, seqs, orders: BTreeMap::new() });
        sent
    }

    /// An answer without a receipt for anything new.
    pub(super) fn answer(&mut self, rows: Vec<Row>, erased: &[(Uuid, &str)]) {
        self.told(rows, erased, Accepted::default());
    }

    fn told(&mut self, rows: Vec<Row>, erased: &[(Uuid, &str)], accepted: Accepted) {
        let answer = SyncResponse {
            protocol: 1,
            server_id: Uuid::from_u128(1),
            epoch: self.epoch,
            server_time: NOW_MS.unsigned_abs(),
            receipt: self.receipt.clone(),
            held: self.held.clone(),
            scope: None,
            accepted,
            changes: batch_of_rows(&rows),
            evicted: Vec::new(),
            erased: erased.iter().map(|(id, field)| Erased { id: *id, field: (*field).to_owned() }).collect(),
            cursor: Cursor::default(),
            more: false,
            digest: String::new(),
        };
        self.store.sync_commit(answer, NOW_MS).unwrap();
    }

    /// A row of the server's.
    pub(super) fn row(&mut self, id: Uuid, kind: &str, fields: &[(&str, Value)]) -> Row {
        self.seq += 1;
        let stamp =
            Stamp { wall_ms: NOW_MS.unsigned_abs() + self.seq, counter: 0, device: DeviceId::from_bits(9) };
        let mut row = Row::empty(kind, id, VILLAGE);
        row.seq = self.seq;
        for (name, value) in fields {
            let version = FieldVersion { value: value.clone(), stamp, order: stamp };
            row.fields.insert((*name).to_owned(), version);
        }
        row
    }

    pub(super) fn shown(&mut self, id: Uuid) -> FieldSet {
        match self.store.handle(Request::Record { id }, NOW_MS).unwrap() {
            Reply::Record(loaded) => loaded.fields,
            other => panic!("{other:?}"),
        }
    }

    /// Does what a screen asks for; the draft, if it asked for one.
    pub(super) fn ask(&mut self, request: Request) -> Result<Option<OpenDraft>, StoreError> {
        Ok(match self.store.handle(request, NOW_MS)? {
            Reply::Draft(open) => Some(*open),
            _ => None,
        })
    }

    /// A visit to a household is begun, or gone on with.
    pub(super) fn visit(&mut self, household: Uuid) -> OpenDraft {
        let target = VisitTarget::Household(household);
        self.ask(Request::StartVisit { target }).unwrap().expect("a draft")
    }

    /// Keeps a draft and completes it.
    pub(super) fn complete(&mut self, draft: VisitDraft) -> Result<(), StoreError> {
        let id = draft.id;
        self.ask(Request::SaveDraft(Box::new(draft)))?;
        self.ask(Request::CompleteVisit { id }).map(drop)
    }

    /// The tables in which the words stand.
    pub(super) fn told_in(&self, words: &str) -> Vec<String> {
        let db = self.store.connection();
        let tables: Vec<String> = db
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
            .unwrap();
        let holds = |table: &String| {
            let mut statement = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = statement.column_count();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for at in 0..columns {
                    if matches!(row.get(at).unwrap(), Sql::Text(text) if text.contains(words)) {
                        return true;
                    }
                }
            }
            false
        };
        tables.into_iter().filter(|table| holds(table)).collect()
    }
}

/// What the server answers to a code for 阿香.
pub(super) fn enrolled(device: DeviceId, epoch: Uuid) -> Box<EnrolResponse> {
    Box::new(EnrolResponse {
        protocol: 1,
        server_id: Uuid::from_u128(1),
        epoch,
        device,
        token: "secret".to_owned(),
        server_time: NOW_MS.unsigned_abs(),
        cadre: "axiang".to_owned(),
        cadre_name: "阿香".to_owned(),
        unit: "柳树沟村委会".to_owned(),
        township: "清溪镇".to_owned(),
        villages: BTreeMap::from([
            (VILLAGE.to_owned(), "柳树沟村".to_owned()),
            (OTHER_VILLAGE.to_owned(), "石桥村".to_owned()),
        ]),
    })
}
