//! The office at its console: signs in through the real form, reads pages, downloads the ledger.

use super::{Browser, Server, server::OFFICE, until};
use calamine::{Data, Reader, Xlsx};
use reqwest::{Client, Response, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use std::io::Cursor;

/// A signed-in session of the office.
pub struct Console {
    client: Client,
    url: String,
    cookie: String,
}

impl Console {
    /// Signs in.
    pub async fn sign_in(server: &Server) -> Self {
        // No pool: the server may be another process at the next request.
        let client =
            Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0).build().expect("client");
        let url = server.url().to_owned();
        let form = format!("name={}&password={}&next=", OFFICE.0, OFFICE.1);
        let answer = client
            .post(format!("{url}/console/login"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, &url)
            .body(form)
            .send()
            .await
            .expect("console");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.status());
        let cookie = answer.headers().get(header::SET_COOKIE).expect("a session").to_str().expect("text");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Self { client, url, cookie }
    }

    /// Signs in through the form, in a browser.
    pub async fn sign_in_at(browser: &Browser, server: &Server) {
        browser.goto(&format!("{}/console", server.url())).await;
        let script = "
            const [name, password] = arguments[0];
            document.querySelector('[name=name]').value = name;
            document.querySelector('[name=password]').value = password;
            document.querySelector('form.door button').click();";
        browser.script::<Value>(script, json!([OFFICE.0, OFFICE.1])).await;
        until("the office is in", async || {
            browser
                .script::<bool>("return !document.querySelector('form.door');", Value::Null)
                .await
                .then_some(())
        })
        .await;
    }

    async fn get(&self, path: &str) -> Response {
        let asked = self.client.get(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        asked.send().await.expect("console")
    }

    /// Posts a form as its page does, and returns the answer.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let page = self.page("/console/staff").await;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let quoted = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let mut form = format!("csrf={}", csrf.expect("a form's token"));
        for (name, value) in fields {
            form.push_str(&format!("&{name}={}", quoted(value)));
        }
        let asked = self.client.post(format!("{}{path}", self.url)).header(header::COOKIE, &self.cookie);
        let asked = asked.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        asked.body(form).send().await.expect("console")
    }

    /// Posts a form that must be taken.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) {
        let answer = self.post(path, fields).await;
        let (status, said) = (answer.status(), answer.text().await.unwrap_or_default());
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {said}");
    }

    /// What lies at a path.
    ///
    /// # Panics
    /// When nothing does.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.bytes().await.expect("body").to_vec()
    }

    /// A page, as its source, or the page that says why there is none; the server has not failed.
    ///
    /// # Panics
    /// When it has.
    pub async fn page_or_refusal(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert!(!answer.status().is_server_error(), "{path}: {}", answer.status());
        answer.text().await.expect("UTF-8")
    }

    /// A page, as its source.
    pub async fn page(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path).await).expect("UTF-8")
    }

    /// The ledger's CSV.
    pub async fn csv(&self) -> String {
        String::from_utf8(self.bytes("/console/visits.csv").await).expect("UTF-8")
    }

    /// The ledger's XLSX, read back: every row as its cells' text.
    pub async fn xlsx(&self) -> Vec<Vec<String>> {
        let mut book = Xlsx::new(Cursor::new(self.bytes("/console/visits.xlsx").await)).expect("a workbook");
        let sheets = book.sheet_names();
        let sheet = book.worksheet_range(sheets.first().expect("a sheet")).expect("a sheet");
        sheet.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
    }
}
