//! A small township and a browser without a socket, for the tests of the console.

use super::{ConsoleState, router};
use crate::{
    auth::{AuthError, Cadre, Throttle, add_cadre, add_user, create_code, redeem_code},
    service::{LocalWriter, Origin},
    storage::{Storage, StorageError},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use lianxin_shared::{
    domain::{
        campaign::Campaign, diary::Diary, household::Household, opinion::Opinion, person::Person,
        visit::Visit,
    },
    replica::{DeviceId, FieldSet, Value, kind},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tower::ServiceExt;
use uuid::Uuid;

/// The township's code.
pub const TOWNSHIP: &str = "519921105000";
/// 柳树沟村
pub const WILLOW: &str = "519921105201";
/// 石桥村
pub const BRIDGE: &str = "519921105202";
/// 2025-11-22 10:00 in Beijing.
pub const NOW_MS: i64 = 1_763_776_800_000;
/// One hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Password of the only user, laozhou.
pub const PASSWORD: &str = "qingxi-2025";

/// A township with 阿香's phone; `put` writes records as that phone would.
pub struct World {
    _dir: tempfile::TempDir,
    /// The database.
    pub storage: Arc<Storage>,
    /// 阿香's phone.
    pub phone: DeviceId,
    app: Router,
}

/// The campaign of the world.
const CAMPAIGN: Uuid = Uuid::from_u128(0xCA);

impl World {
    /// Two villages, a campaign by S3, one cadre with a phone, one user of the office.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Storage::init(dir.path(), "清溪镇", TOWNSHIP).unwrap();
        let storage = Arc::new(Storage::open(dir.path()).unwrap());
        let phone = storage
            .write(|db| {
                add_user(db, "laozhou", "老周", PASSWORD, 0)?;
                let villages = BTreeSet::from([WILLOW.to_owned(), BRIDGE.to_owned()]);
                let axiang =
                    Cadre { id: "axiang".into(), name: "阿香".into(), unit: "民政办".into(), villages };
                add_cadre(db, &axiang)?;
                let code = create_code(db, "axiang", NOW_MS - 40 * 24 * HOUR_MS)?;
                let at = NOW_MS - 40 * 24 * HOUR_MS;
                Ok::<_, AuthError>(redeem_code(db, &code.digits, "Android · Chrome", "0.1.0", at).unwrap())
            })
            .unwrap()
            .device;
        let app = router(state(&storage));
        let world = World { _dir: dir, storage, phone, app };
        for (n, code, name) in [(1, WILLOW, "柳树沟村"), (2, BRIDGE, "石桥村")] {
            world.put(
                kind::VILLAGE,
                Uuid::from_u128(n),
                code,
                FieldSet::from([("name".into(), name.into())]),
            );
        }
        let campaign = Campaign {
            name: "四必到、五必访".into(),
            scheme: "s3".into(),
            start: "2025-10-20".into(),
            end: "2025-11-30".into(),
        };
        world.put(kind::CAMPAIGN, CAMPAIGN, TOWNSHIP, campaign.to_fields());
        world
    }

    /// Writes a record an hour ago, through the same admission as a push.
    pub fn put(&self, kind: &'static str, id: Uuid, village: &str, fields: FieldSet) {
        let (village, origin) = (village.to_owned(), Origin::Device(self.phone));
        let fields = fields.into_iter().filter(|(_, value)| *value != Value::Null).collect();
        self.storage
            .write(move |db| {
                let mut writer = LocalWriter::new(db)?;
                writer.write(origin, (kind, id, &village), fields, NOW_MS - HOUR_MS)?;
                writer.finish()?;
                Ok::<_, StorageError>(())
            })
            .unwrap();
    }

    /// A household with categories.
    pub fn household(&self, n: u128, village: &str, head: &str, tags: &[&str]) -> Uuid {
        let tags = tags.iter().map(|code| ((*code).to_owned(), true)).collect();
        let household = Household {
            head: head.into(),
            group: "三组".into(),
            door: format!("{n}号"),
            phone: "13900000017".into(),
            population: Some(2),
            tags,
            ..Household::default()
        };
        let id = Uuid::from_u128(0x1000 + n);
        self.put(kind::HOUSEHOLD, id, village, household.to_fields());
        id
    }

    /// A member.
    pub fn member(&self, n: u128, village: &str, household: Uuid, name: &str) {
        let person = Person { household: Some(household), name: name.into(), ..Person::default() };
        self.put(kind::PERSON, Uuid::from_u128(0x2000 + n), village, person.to_fields());
    }

    /// 阿香's visit to a household, two hours ago.
    pub fn visit(&self, n: u128, village: &str, household: Uuid, visit: Visit) -> Uuid {
        let visit = Visit {
            household: Some(household),
            visitor: "axiang".into(),
            visitor_name: "阿香".into(),
            occurred_at: visit.occurred_at.or(Some(NOW_MS - 2 * HOUR_MS)),
            campaign: Some(CAMPAIGN),
            ..visit
        };
        let id = Uuid::from_u128(0x3000 + n);
        self.put(kind::VISIT, id, village, visit.to_fields());
        id
    }

    /// Something said at a visit.
    pub fn opinion(&self, n: u128, village: &str, opinion: Opinion) {
        let opinion = Opinion {
            occurred_at: Some(NOW_MS - 2 * HOUR_MS),
            visitor: "axiang".into(),
            visitor_name: "阿香".into(),
            ..opinion
        };
        self.put(kind::OPINION, Uuid::from_u128(0x4000 + n), village, opinion.to_fields());
    }

    /// A page of 阿香's diary.
    pub fn diary(&self, n: u128, text: &str) {
        let page = Diary {
            cadre: "axiang".into(),
            cadre_name: "阿香".into(),
            date: "2025-11-21".into(),
            text: text.into(),
        };
        self.put(kind::DIARY, Uuid::from_u128(0x5000 + n), WILLOW, page.to_fields());
    }

    /// A browser without a session, at this time.
    pub fn browser_at(&self, now_ms: fn() -> i64) -> Browser {
        let state = ConsoleState { now_ms, ..state(&self.storage) };
        Browser { app: router(state), cookies: BTreeMap::new() }
    }

    /// A browser in which 老周 has signed in.
    pub async fn office(&self) -> Browser {
        signed_in(self.app.clone()).await
    }

    /// The same at a server that phones are told to reach at `public_url`.
    pub async fn office_at(&self, public_url: &str) -> Browser {
        signed_in(router(ConsoleState { public_url: public_url.into(), ..state(&self.storage) })).await
    }
}

async fn signed_in(app: Router) -> Browser {
    let mut browser = Browser { app, cookies: BTreeMap::new() };
    let answer = browser.post("/console/login", &[("name", "laozhou"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    browser
}

fn state(storage: &Arc<Storage>) -> ConsoleState {
    ConsoleState {
        storage: storage.clone(),
        throttle: Arc::new(Throttle::new()),
        public_url: "https://lianxin.example".into(),
        secure_cookies: false,
        exports: super::download::turns(),
        now_ms: || NOW_MS,
    }
}

/// Keeps cookies as a browser does.
pub struct Browser {
    app: Router,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|to| to.to_str().unwrap()).unwrap_or_default()
    }
}

impl Browser {
    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; ")).body(Body::from(body)).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for line in headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answer { status, headers, body }
    }

    /// Opens an address.
    pub async fn get(&mut self, address: &str) -> Answer {
        self.send(Request::get(address), String::new()).await
    }

    /// The text of a page that must be there.
    pub async fn page(&mut self, address: &str) -> String {
        let answer = self.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address} leads to {}", answer.location());
        answer.text()
    }

    /// Posts a form as it stands.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let request =
            Request::post(address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, serde_urlencoded::to_string(fields).unwrap()).await
    }

    /// Posts a form with the token that a page carries.
    pub async fn submit(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page("/console/staff").await;
        let token = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut all = vec![("csrf", token)];
        all.extend(fields);
        self.post(address, &all).await
    }
}
