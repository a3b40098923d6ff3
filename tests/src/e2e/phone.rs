//! A cadre's phone in the browser: taps by touch, typing by its keyboard, waiting for what the screen says.

use super::{Browser, Look, Server, until};
use serde_json::{Value, json};

/// Finds the elements of a test id that are on the page, of them those that hold a text.
const FIND: &str = "
const [id, text] = arguments[0];
const all = [...document.querySelectorAll(`[data-testid=\"${id}\"]`)].filter((one) => one.getClientRects().length > 0);
// A space that keeps a number and its unit together is a space to whoever reads.
const found = all.filter((one) => !text || one.textContent.replaceAll('\\u00a0', ' ').includes(text));
";

/// The middle of the first of them, once it can be tapped there.
const POINT: &str = "
const one = found[0];
if (!one || one.disabled) return null;
one.scrollIntoView({ block: 'center', behavior: 'instant' });
const box = one.getBoundingClientRect();
const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
const top = document.elementFromPoint(x, y);
return top && (one.contains(top) || top.contains(one)) ? [x, y] : null;
";

/// A phone with the app, or on its way to it.
pub struct Phone {
    /// Its browser.
    pub browser: Browser,
    url: String,
    taps: u32,
}

impl Phone {
    /// A phone that has never seen the app, at the page of the server.
    pub async fn fresh(name: &str, server: &Server) -> Self {
        super::server::need_web();
        let phone =
            Self { browser: Browser::open(name, Look::Phone).await, url: server.url().to_owned(), taps: 0 };
        phone.browser.goto(&phone.url).await;
        phone
    }

    /// A phone that `cadre` has enrolled by the office's link, with everything pulled and kept for offline use.
    pub async fn enrolled(name: &str, server: &Server, cadre: &str) -> Self {
        Self::enrolled_on(Look::Phone, name, server, cadre).await
    }

    /// The same in the second step of a visit to the first household of 今日, where people's words are written.
    pub async fn at_the_words(name: &str, server: &Server, cadre: &str) -> Self {
        let mut phone = Self::enrolled(name, server, cadre).await;
        phone.tap("household-row").await;
        phone.tap("go-visit").await;
        phone.see("visit-step-0").await;
        phone.answer_required().await;
        phone.tap("step-next").await;
        phone.see("visit-step-1").await;
        phone
    }

    /// The same on a phone of another size.
    pub async fn enrolled_on(look: Look, name: &str, server: &Server, cadre: &str) -> Self {
        super::server::need_web();
        let browser = Browser::open(name, look).await;
        let mut phone = Self { browser, url: server.url().to_owned(), taps: 0 };
        let link = format!("{}/#enrol?code={}", phone.url, server.code(cadre).replace(' ', ""));
        phone.browser.goto(&link).await;
        phone.tap("enrol-go").await;
        phone.see("today").await;
        phone.see_text("state-line", "已全部上报").await;
        phone.kept_for_offline().await;
        phone
    }

    /// Opens another server's page in the same browser; from now on that one is meant.
    pub async fn turn_to(&mut self, address: &str) {
        self.browser.goto(address).await;
        self.url = self.browser.script("return location.origin;", Value::Null).await;
    }

    /// Waits until the service worker has the whole app.
    pub async fn kept_for_offline(&self) {
        until("the app is kept for offline use", async || {
            let script = "return navigator.serviceWorker.controller !== null;";
            self.browser.script::<bool>(script, Value::Null).await.then_some(())
        })
        .await;
    }

    /// Kills the whole browser.
    pub fn die(&mut self) {
        self.browser.kill();
    }

    /// Starts the browser again and opens the app from the home screen.
    pub async fn revive(&mut self) {
        self.browser.start().await;
        self.open("/").await;
    }

    /// Loads the page anew.
    pub async fn reload(&self) {
        self.browser.session().refresh().await.expect("a page");
    }

    /// Opens a page of the app by its address.
    pub async fn open(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.url)).await;
    }

    /// The path of the page.
    pub async fn path(&self) -> String {
        self.browser.script("return location.pathname;", Value::Null).await
    }

    /// Taps so far, except those that only reloaded or killed.
    pub fn taps(&self) -> u32 {
        self.taps
    }

    /// Waits until something with this test id is on the page.
    pub async fn see(&self, testid: &str) {
        self.see_text(testid, "").await;
    }

    /// Waits until something with this test id holds `text`.
    pub async fn see_text(&self, testid: &str, text: &str) {
        let script = format!("{FIND} return found.length > 0;");
        let what = format!("{testid} with “{text}”");
        until(&what, async || {
            let seen: bool = self.browser.script(&script, json!([testid, text])).await;
            seen.then_some(())
        })
        .await;
    }

    /// Waits until nothing with this test id is on the page.
    pub async fn see_no(&self, testid: &str) {
        until(&format!("no {testid}"), async || (self.count(testid).await == 0).then_some(())).await;
    }

    /// How many there are on the page now.
    pub async fn count(&self, testid: &str) -> usize {
        let script = format!("{FIND} return found.length;");
        self.browser.script(&script, json!([testid, ""])).await
    }

    /// The texts of all of them, as they stand now.
    pub async fn texts(&self, testid: &str) -> Vec<String> {
        let script = format!("{FIND} return found.map((one) => one.innerText.replaceAll('\\u00a0', ' '));");
        self.browser.script(&script, json!([testid, ""])).await
    }

    /// The text of the first, once it is there.
    pub async fn text(&self, testid: &str) -> String {
        self.see(testid).await;
        self.texts(testid).await.into_iter().next().unwrap_or_default()
    }

    /// The page's heading: on a household's page, its head.
    pub async fn heading(&self) -> String {
        self.browser.script("return document.querySelector('h1').innerText;", Value::Null).await
    }

    /// What is written in a field, once the field is there.
    pub async fn value(&self, testid: &str) -> String {
        self.see(testid).await;
        self.browser.script(&format!("{FIND} return found[0]?.value ?? '';"), json!([testid, ""])).await
    }

    /// Waits until a field holds exactly `text`.
    pub async fn see_value(&self, testid: &str, text: &str) {
        until(&format!("{testid} = “{text}”"), async || (self.value(testid).await == text).then_some(()))
            .await;
    }

    /// Whether something on the page says this anywhere.
    pub async fn page_says(&self, text: &str) -> bool {
        self.browser
            .script(
                "return document.body.innerText.replaceAll('\\u00a0', ' ').includes(arguments[0]);",
                json!(text),
            )
            .await
    }

    /// Waits until the page says this anywhere.
    pub async fn see_words(&self, text: &str) {
        until(&format!("the page says “{text}”"), async || self.page_says(text).await.then_some(())).await;
    }

    /// Taps what has this test id, with a finger.
    pub async fn tap(&mut self, testid: &str) {
        self.tap_text(testid, "").await;
    }

    /// Taps the first of this test id that holds `text`.
    pub async fn tap_text(&mut self, testid: &str, text: &str) {
        let (x, y) = self.place_of(testid, text).await;
        self.touch(x, y).await;
    }

    /// Whether the phone says that it has a network.
    pub async fn online(&self, online: bool) {
        let line =
            json!({"offline": !online, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.browser.devtools("Network.emulateNetworkConditions", line).await;
    }

    /// 添一户 in the list of households, as a cadre of several villages begins.
    pub async fn add_household(&mut self, village: &str) {
        self.tap("household-add").await;
        self.tap(&format!("village-{village}")).await;
        self.see("f-head").await;
    }

    /// Waits until this option is chosen.
    pub async fn see_chosen(&self, testid: &str) {
        let script = "return document.querySelector(`[data-testid=\"${arguments[0]}\"]`)
            ?.matches('[aria-checked=true],[aria-pressed=true]') ?? false;";
        until(&format!("{testid} is chosen"), async || {
            self.browser.script::<bool>(script, json!(testid)).await.then_some(())
        })
        .await;
    }

    /// Where to tap, once it can be tapped.
    async fn place_of(&self, testid: &str, text: &str) -> (f64, f64) {
        let script = format!("{FIND}{POINT}");
        let what = format!("{testid} with “{text}” to tap");
        until(&what, async || self.browser.script::<Option<(f64, f64)>>(&script, json!([testid, text])).await)
            .await
    }

    /// Taps it twice as a hasty finger does, without waiting for what the first tap does.
    pub async fn tap_twice(&mut self, testid: &str) {
        let (x, y) = self.place_of(testid, "").await;
        self.touch(x, y).await;
        self.touch(x, y).await;
    }

    async fn touch(&mut self, x: f64, y: f64) {
        let finger = |kind: &str, points: Value| json!({"type": kind, "touchPoints": points});
        let down = finger("touchStart", json!([{"x": x, "y": y}]));
        self.browser.devtools("Input.dispatchTouchEvent", down).await;
        self.browser.devtools("Input.dispatchTouchEvent", finger("touchEnd", json!([]))).await;
        self.taps += 1;
    }

    /// Chooses files in a file input, as after a tap on its label.
    pub async fn choose_files(&self, testid: &str, files: &[std::path::PathBuf]) {
        let css = format!("input[data-testid=\"{testid}\"]:not([disabled])");
        let input = until(&format!("{testid} to choose files in"), async || {
            self.browser.session().find(thirtyfour::By::Css(&css)).await.ok()
        })
        .await;
        let paths: Vec<String> = files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        input.send_keys(paths.join("\n")).await.expect("chosen");
    }

    /// Types into whatever has the cursor.
    pub async fn type_on(&self, text: &str) {
        self.browser.devtools("Input.insertText", json!({"text": text})).await;
    }

    /// Waits until the cursor is in a field.
    pub async fn see_cursor_in(&self, testid: &str) {
        let script = "return document.activeElement?.dataset?.testid === arguments[0];";
        until(&format!("the cursor in {testid}"), async || {
            self.browser.script::<bool>(script, json!(testid)).await.then_some(())
        })
        .await;
    }

    /// Taps into a field and types at its end.
    pub async fn write(&mut self, testid: &str, text: &str) {
        self.tap(testid).await;
        self.see_cursor_in(testid).await;
        let script =
            "const at = document.activeElement; at.setSelectionRange?.(at.value.length, at.value.length);";
        self.browser.script::<Value>(script, Value::Null).await;
        self.type_on(text).await;
    }

    /// Taps into a field and writes it anew.
    pub async fn rewrite(&mut self, testid: &str, text: &str) {
        self.tap(testid).await;
        self.see_cursor_in(testid).await;
        self.browser.script::<Value>("document.activeElement.select();", Value::Null).await;
        self.type_on(text).await;
    }

    /// Android's back.
    pub async fn back(&self) {
        self.browser.script::<Value>("history.back();", Value::Null).await;
    }

    /// Waits until the screen says 已存.
    pub async fn see_saved(&self) {
        let script =
            "return document.querySelector('[data-testid=\"save-mark\"]')?.dataset.state === 'saved';";
        until("已存", async || self.browser.script::<bool>(script, Value::Null).await.then_some(())).await;
    }

    /// 待上报 and 乡镇已收到 on the page 我的, which must be open.
    pub async fn counts(&self) -> (u32, u32) {
        let number =
            |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        (number(self.text("count-waiting").await), number(self.text("count-received").await))
    }

    /// Answers what must be answered on the checklist: the first option, or some words.
    pub async fn answer_required(&mut self) {
        // An answer may bring another question into view: until none is left.
        loop {
            let script = "
                const open = [...document.querySelectorAll('section.q')].find((card) => card.querySelector('.must')
                  && !card.querySelector('[aria-checked=true],[aria-pressed=true]')
                  && ![...card.querySelectorAll('input,textarea')].some((field) => field.value));
                return open ? [open.dataset.testid,
                  open.querySelector('button[role=radio],[role=group] button')?.dataset.testid ?? null] : null;";
            let open: Option<(String, Option<String>)> = self.browser.script(script, Value::Null).await;
            match open {
                None => return,
                Some((_, Some(option))) => {
                    self.tap(&option).await;
                    let chosen = format!(
                        "return document.querySelector('[data-testid=\"{option}\"]')?.matches('[aria-checked=true],[aria-pressed=true]') ?? false;"
                    );
                    until("the answer is taken", async || {
                        self.browser.script::<bool>(&chosen, Value::Null).await.then_some(())
                    })
                    .await;
                }
                Some((card, None)) => self.write(&format!("{card}-answer"), "问过了").await,
            }
        }
    }
}
