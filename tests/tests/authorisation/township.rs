//! A township with everybody in it who might ask.

use lianxin_shared::wire::{
    PROTOCOL,
    v1::{
        CloneRequest, Cursor, EnrolRequest, EnrolResponse, HistoryRequest, RepairRequest, SalvageRequest,
        SyncRequest,
    },
};
use lianxin_tests::e2e::{
    OFFICE, Server, secure_client,
    uploads::{Sender, UPLOAD_BODY, hash_of, photo},
};
use reqwest::{Client, Method, RequestBuilder, Response, header};
use rusqlite::Connection;
use std::fs;
use uuid::Uuid;

const LIUSHUGOU: &str = "519921105201";
const SHIQIAO: &str = "519921105202";
/// Written by 阿香 in 柳树沟村; nobody else may read it but the office.
pub const WORDS: &str = "只有本村人知道的话";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Nobody,
    WrongToken,
    /// 阿香's phone, of the village in which the words were written.
    Own,
    /// 小吴's phone, of the other village.
    Foreign,
    /// 阿香's old phone.
    Revoked,
    Office,
    /// The office with a session that has ended.
    Expired,
    /// The office's browser, led by another site: no form's token.
    NoCsrf,
}

pub const ROLES: [Role; 8] = [
    Role::Nobody,
    Role::WrongToken,
    Role::Own,
    Role::Foreign,
    Role::Revoked,
    Role::Office,
    Role::Expired,
    Role::NoCsrf,
];

/// Two villages, a phone in each, a revoked one, and three sessions of the office; all over TLS.
pub struct Township {
    /// The server.
    pub server: Server,
    client: Client,
    own: Sender,
    /// The path of what 阿香's phone has begun to send, and the hash of what it has sent.
    upload: String,
    photo: String,
    foreign: EnrolResponse,
    revoked: EnrolResponse,
    /// A phone to be revoked by the test.
    spare: EnrolResponse,
    /// Cookie and form's token.
    office: (String, String),
    expired: (String, String),
    led: (String, String),
    cadre: String,
    household: Uuid,
}

impl Township {
    pub async fn new() -> Self {
        let villages = [(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")];
        let mut server = Server::township(&villages, &[("阿香", LIUSHUGOU), ("小吴", SHIQIAO)]);
        // Files go by the sender of their own tests, before the server speaks TLS.
        let own = Sender::enrolled(&server, "阿香").await;
        let photo = own.send(LIUSHUGOU, &photo(40, 1)).await.expect("sent");
        let (upload, _) = own.create(LIUSHUGOU, &hash_of(b"later"), 1000).await.expect("begun");
        server.stop();
        server.cli(&["tls", "init", "--name", "127.0.0.1"]);
        let register = server.dir().join("户册.csv");
        fs::write(&register, format!("村,组,户主,备注\n柳树沟村,一组,李翠花,{WORDS}\n")).expect("a file");
        server.cli(&["import", "households", &register.to_string_lossy()]);
        server.start();
        let client = secure_client(&server);
        let foreign = enrolled(&client, &server, "小吴").await;
        let revoked = enrolled(&client, &server, "阿香").await;
        let spare = enrolled(&client, &server, "阿香").await;
        server.cli(&["device", "revoke", &revoked.device.to_string()]);
        let expired = signed_in(&client, &server).await;
        let writable = Connection::open(server.data().join(lianxin_server::storage::DATABASE_FILE));
        let aged = writable.and_then(|db| db.execute("UPDATE session SET expires_at = 1", []));
        assert_eq!(aged.expect("aged"), 1);
        let (led, office) = (signed_in(&client, &server).await, signed_in(&client, &server).await);
        let db = server.database();
        let cadre = db.query_row("SELECT id FROM cadre WHERE name = '阿香'", [], |row| row.get(0));
        let household = db.query_row("SELECT id FROM household", [], |row| row.get(0).map(Uuid::from_bytes));
        let (cadre, household) = (cadre.expect("阿香"), household.expect("李翠花"));
        Self {
            server,
            client,
            own,
            upload,
            photo,
            foreign,
            revoked,
            spare,
            office,
            expired,
            led,
            cadre,
            household,
        }
    }

    /// What proves a role: a bearer token and the same as a cookie, so that neither opens the other's doors.
    fn secrets(&self, role: Role) -> (Option<&str>, &str) {
        match role {
            Role::Nobody => (None, ""),
            Role::WrongToken => {
                (Some("0000000000000000000000000000000000000000000000000000000000000000"), "")
            }
            Role::Own => (Some(&self.own.token), ""),
            Role::Foreign => (Some(&self.foreign.token), ""),
            Role::Revoked => (Some(&self.revoked.token), ""),
            Role::Office => (Some(&self.office.0), &self.office.1),
            Role::Expired => (Some(&self.expired.0), &self.expired.1),
            Role::NoCsrf => (Some(&self.led.0), ""),
        }
    }

    /// A request to a route that would do what the route is for, if only the role may.
    pub async fn ask(&self, role: Role, method: &str, path: &str) -> Response {
        let (secret, csrf) = self.secrets(role);
        let path = match path {
            "/v1/files/{id}" => self.upload.clone(),
            _ => path
                .replace("{id}", &self.household.to_string())
                .replace("{key}", &self.household.to_string())
                .replace("{village}", LIUSHUGOU),
        };
        let path = path.replace("{hash}", &self.photo);
        let query = match path.as_str() {
            "/console/staff/revoke" => format!("?device={}", self.spare.device),
            "/console/staff/cadre" => format!("?cadre={}", self.cadre),
            _ => String::new(),
        };
        let method: Method = method.parse().expect("a method");
        let url = format!("{}{path}{query}", self.server.url());
        let mut asked = self.client.request(method.clone(), url);
        if let Some(secret) = secret {
            asked = asked.bearer_auth(secret).header(header::COOKIE, format!("__Host-lianxin={secret}"));
        }
        if path.starts_with("/v1/files") {
            asked = file_headers(asked, &method, &path);
        } else if method == Method::POST {
            asked = self.filled(asked, role, &path, csrf);
        }
        asked.send().await.expect("an answer")
    }

    fn filled(&self, asked: RequestBuilder, role: Role, path: &str, csrf: &str) -> RequestBuilder {
        let (server_id, epoch) = (self.spare.server_id, self.spare.epoch);
        let form = |fields: String| {
            let kind = "application/x-www-form-urlencoded";
            (kind, format!("csrf={csrf}&{fields}"))
        };
        let (kind, body) = match path {
            "/v1/sync" => {
                let (cursor, patches) = (Cursor::default(), Default::default());
                let asked = SyncRequest {
                    protocol: PROTOCOL,
                    server_id,
                    epoch,
                    cursor,
                    receipt_seen: 0,
                    scope: String::new(),
                    patches,
                    orders: Default::default(),
                    left: Vec::new(),
                };
                ("application/json", serde_json::to_string(&asked).expect("JSON"))
            }
            "/v1/repair" => {
                let (sums, want) = (Default::default(), vec![self.household]);
                let asked = RepairRequest { protocol: PROTOCOL, server_id, epoch, sums, want };
                ("application/json", serde_json::to_string(&asked).expect("JSON"))
            }
            "/v1/salvage" => {
                let (patches, orders) = (Default::default(), Default::default());
                let asked = SalvageRequest { protocol: PROTOCOL, server_id, epoch, patches, orders };
                ("application/json", serde_json::to_string(&asked).expect("JSON"))
            }
            "/v1/history" => {
                let asked = HistoryRequest { protocol: PROTOCOL, server_id, record: self.household };
                ("application/json", serde_json::to_string(&asked).expect("JSON"))
            }
            "/v1/clone" => {
                let asked = CloneRequest { protocol: PROTOCOL, server_id };
                ("application/json", serde_json::to_string(&asked).expect("JSON"))
            }
            "/v1/enrol" => ("application/json", enrolment("0000000000")),
            "/console/login" => form(format!("name=who-{role:?}&password=guess-guess")),
            "/console/households/merge" => form(format!("from={}&into={}", self.household, self.household)),
            "/console/households/move" => form(format!("household={}&village={LIUSHUGOU}", self.household)),
            "/console/households/unmerge" => form(format!("household={}", self.household)),
            path if path.starts_with("/console/erase/") => {
                form("field=group&why=本人要求&confirm=依法抹去".to_owned())
            }
            "/console/held" => form(format!("device={}&verdict=release", self.spare.device)),
            "/console/staff/villages" => form(format!("cadre={}&village={LIUSHUGOU}", self.cadre)),
            "/console/staff/cadres" => form(format!("name=新人{role:?}&village={LIUSHUGOU}")),
            "/console/staff/enrol" => form(format!("cadre={}", self.cadre)),
            "/console/staff/codes" => form(format!("cadre={}&created=1", self.cadre)),
            "/console/staff/revoke" => form(format!("device={}", self.spare.device)),
            _ => form(String::new()),
        };
        asked.header(header::CONTENT_TYPE, kind).body(body)
    }
}

/// What tus wants beside the method: one byte more of an upload, or a new one.
fn file_headers(asked: RequestBuilder, method: &Method, path: &str) -> RequestBuilder {
    let asked = asked.header("Tus-Resumable", "1.0.0");
    let byte = |at: u64, asked: RequestBuilder| {
        asked.header("Upload-Offset", at).header(header::CONTENT_TYPE, UPLOAD_BODY).body("x")
    };
    match (method.as_str(), path) {
        ("POST", "/v1/files") => {
            let hash = hash_of(b"another");
            let told = [("village", LIUSHUGOU), ("hash", hash.as_str()), ("role", "original")];
            asked.header("Upload-Length", 1000).header("Upload-Metadata", Sender::metadata(&told))
        }
        ("PATCH", _) => byte(0, asked),
        ("POST", _) => byte(1, asked.header("X-HTTP-Method-Override", "PATCH")),
        _ => asked,
    }
}

fn enrolment(code: &str) -> String {
    let (device_name, app_version) = ("测试".to_owned(), "0".to_owned());
    let asked =
        EnrolRequest { protocol: PROTOCOL, code: code.to_owned(), device_name, app_version, server_id: None };
    serde_json::to_string(&asked).expect("JSON")
}

async fn enrolled(client: &Client, server: &Server, cadre: &str) -> EnrolResponse {
    let asked =
        client.post(format!("{}/v1/enrol", server.url())).header(header::CONTENT_TYPE, "application/json");
    let answer = asked.body(enrolment(&server.code(cadre))).send().await.expect("an answer");
    answer.json().await.expect("enrolled")
}

/// Signs in and reads the form's token from a page.
async fn signed_in(client: &Client, server: &Server) -> (String, String) {
    let asked = client.post(format!("{}/console/login", server.url()));
    let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let form = format!("name={}&password={}&next=", OFFICE.0, OFFICE.1);
    let answer = asked.body(form).send().await.expect("an answer");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    for flag in ["__Host-lianxin=", "; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(flag), "{flag} is missing in {cookie}");
    }
    let token = cookie.split(['=', ';']).nth(1).expect("a token").to_owned();
    let asked = client.get(format!("{}/console/staff", server.url()));
    let page = asked.header(header::COOKIE, format!("__Host-lianxin={token}")).send().await.expect("a page");
    let page = page.text().await.expect("a page");
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    (token, csrf.expect("a form's token").to_owned())
}
