//! Phones whose clock is years off, from enrolment on or all at once: the app's own store, driver and transport
//! against the real server, only that somebody else says what time it is.

use lianxin_app::{
    platform::now_ms,
    store::{Edit, Mine, Reply, Request, Store, SyncPhase, VisitTarget},
    sync::{Driver, Effect, Transport, enrol},
};
use lianxin_shared::replica::{Base, FieldSet, Stamp, ahead_ms_max, kind};
use lianxin_tests::e2e::{Console, Headless, Server};
use rusqlite::Connection;
use std::collections::VecDeque;
use uuid::Uuid;

const VILLAGE: &str = "519921105201";
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

/// A phone whose clock is off by so much.
struct Phone {
    store: Store,
    driver: Driver,
    transport: Transport,
    off_ms: i64,
}

impl Phone {
    async fn enrolled(server: &Server, cadre: &str, off_ms: i64) -> Self {
        let enrolled = enrol(server.url(), &server.code(cadre), None).await.expect("enrolled");
        let store = Store::open(Connection::open_in_memory().expect("memory")).expect("a store");
        let transport = Transport::new().expect("TLS");
        let mut phone = Self { store, driver: Driver::new(7), transport, off_ms };
        let server_url = server.url().to_owned();
        phone.ask(Request::Enrol { server_url, enrolled: Box::new(enrolled) });
        phone.sync().await;
        phone
    }

    fn now_ms(&self) -> i64 {
        now_ms() + self.off_ms
    }

    fn ask(&mut self, request: Request) -> Reply {
        let now_ms = self.now_ms();
        self.store.handle(request, now_ms).unwrap_or_else(|error| panic!("{error}"))
    }

    async fn sync(&mut self) {
        let now_ms = self.now_ms();
        let mut effects = VecDeque::from(self.driver.noticed(&mut self.store, &Request::SyncNow, now_ms));
        while let Some(effect) = effects.pop_front() {
            if let Effect::Send(exchange) = effect {
                let asked = exchange.asked;
                let answer = self.transport.send(exchange).await;
                let now_ms = self.now_ms();
                effects.extend(self.driver.answered(&mut self.store, asked, answer, now_ms));
            }
        }
    }

    fn mine(&mut self) -> Mine {
        let Reply::Mine(mine) = self.ask(Request::Mine) else { panic!("no page") };
        *mine
    }

    fn text(&mut self, id: Uuid, field: &str) -> String {
        let Reply::Record(record) = self.ask(Request::Record { id }) else { panic!("no record") };
        record.fields.get(field).and_then(|value| value.as_text()).unwrap_or_default().to_owned()
    }

    /// Edits a household as an editor does that has just loaded it; without an id, a new one.
    fn write(&mut self, id: Option<Uuid>, field: &str, value: &str) -> Uuid {
        let loaded = id.map(|id| match self.ask(Request::Record { id }) {
            Reply::Record(record) => record,
            other => panic!("{other:?}"),
        });
        let seen = loaded.and_then(|record| record.stamps.get(field).copied());
        let edit = Edit {
            kind: kind::HOUSEHOLD.to_owned(),
            id,
            village: VILLAGE.to_owned(),
            set: FieldSet::from([(field.to_owned(), value.into())]),
            base: seen.map(|stamp| (field.to_owned(), vec![stamp])).into_iter().collect::<Base>(),
        };
        let Reply::Record(saved) = self.ask(Request::Save(edit)) else { panic!("not saved") };
        saved.id
    }

    fn visit(&mut self, household: Uuid) -> Uuid {
        let begun = self.ask(Request::StartVisit { target: VisitTarget::Household(household) });
        let Reply::Draft(open) = begun else { panic!("{begun:?}") };
        let mut draft = open.draft;
        let id = draft.id;
        draft.absent = true;
        self.ask(Request::SaveDraft(Box::new(draft)));
        self.ask(Request::CompleteVisit { id });
        id
    }
}

/// Every order on the server stands within the time that the test has taken.
fn orders_are_sane(server: &Server, begun_ms: i64) {
    let db = server.database();
    let mut statement = db.prepare("SELECT ord FROM patch").expect("patches");
    let orders = statement.query_map([], |row| row.get(0).map(Stamp::from_bytes)).expect("patches");
    for order in orders {
        let wall = order.expect("a stamp").wall_ms;
        let latest = now_ms().unsigned_abs() + ahead_ms_max;
        assert!((begun_ms.unsigned_abs() - 1_000..=latest).contains(&wall), "an order at {wall}");
    }
}

async fn works_although_off(years: i64, from_the_start: bool, said: &str) {
    let begun_ms = now_ms();
    let server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE), ("老周", VILLAGE)]);
    let off_ms = years * YEAR_MS;
    let mut axiang = Phone::enrolled(&server, "阿香", if from_the_start { off_ms } else { 0 }).await;
    let id = axiang.write(None, "head", "李翠花");
    axiang.sync().await;
    axiang.off_ms = off_ms;
    axiang.write(Some(id), "phone", "13800000001");
    let visit = axiang.visit(id);
    axiang.sync().await;
    let mine = axiang.mine();
    assert_eq!(
        (mine.sync.phase, mine.waiting.things(), mine.sync.problem.as_str()),
        (SyncPhase::Idle, 0, "")
    );
    orders_are_sane(&server, begun_ms);

    // Whoever has seen a value and writes over it wins, whatever clocks say, in both directions.
    let laozhou = Headless::enrolled(&server, "老周").await;
    laozhou.edit(id, "phone", "13800000002").await.expect("saved");
    laozhou.synced().await;
    axiang.sync().await;
    assert_eq!(axiang.text(id, "phone"), "13800000002");
    axiang.write(Some(id), "phone", "13800000003");
    axiang.sync().await;
    laozhou.synced().await;
    assert_eq!(laozhou.text(id, "phone").await, "13800000003");
    assert_eq!(server.count("SELECT count(*) FROM conflict"), 0);
    orders_are_sane(&server, begun_ms);
    server.check();

    // The office sees the time on the phone, the time of arrival, and that the two clocks differ.
    let page = Console::sign_in(&server).await.page(&format!("/console/visits/{visit}")).await;
    assert!(page.contains(said), "{page}");
    let received = page.split("<b>收到</b>").nth(1).expect("an arrival");
    assert!(!received.starts_with(" 20"), "received this year, by the server's clock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_years_ahead_is_put_in_order_and_shown_as_it_is() {
    works_although_off(5, false, "快约 5 年").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_falls_years_back_loses_to_nobody_for_it() {
    works_although_off(-7, false, "慢约 7 年").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_enrolled_years_ahead_learns_the_servers_time() {
    works_although_off(5, true, "快约 5 年").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_enrolled_years_behind_learns_the_servers_time() {
    works_although_off(-7, true, "慢约 7 年").await;
}
