//! Debian's Chromium under its WebDriver: one profile that outlives any number of violent deaths.

use super::process::{Process, Slowed, need};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

/// What the browser pretends to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// 390×844 with touch: a cadre's phone.
    Phone,
    /// 320×640 with touch: the smallest phone.
    SmallPhone,
    /// The office's screen.
    Office,
}

impl Look {
    /// Width and height, CSS pixels.
    pub fn size(self) -> (u32, u32) {
        match self {
            Look::Phone => (390, 844),
            Look::SmallPhone => (320, 640),
            Look::Office => (1280, 860),
        }
    }
}

const PHONE_AGENT: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/120.0.0.0 Mobile Safari/537.36";
/// One answer of the driver may take this long: a started browser on a busy machine.
const ANSWER_PATIENCE: Duration = Duration::from_secs(120);

/// A browser with its own profile.
pub struct Browser {
    name: String,
    look: Look,
    profile: TempDir,
    driver: Process,
    driver_url: String,
    session: Option<WebDriver>,
}

impl Browser {
    /// A new profile; `name` says in the evidence whose it is.
    pub async fn open(name: &str, look: Look) -> Self {
        let chromedriver = need("chromedriver");
        need("chromium");
        let profile = TempDir::new().expect("temporary folder");
        let mut command = Command::new(chromedriver);
        command
            .args(["--port=0", "--enable-chrome-logs"])
            .env("LANGUAGE", "zh_CN")
            .env("LANG", "zh_CN.UTF-8");
        let mut driver = Process::start(&mut command, &profile.path().join("chromedriver.log"));
        let port = driver.word_after("started successfully on port");
        let driver_url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        let mut browser = Self { name: name.to_owned(), look, profile, driver, driver_url, session: None };
        browser.start().await;
        browser
    }

    /// Starts the browser (again) over its profile.
    pub async fn start(&mut self) {
        assert!(self.session.is_none(), "the browser runs already");
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(&need("chromium").to_string_lossy()).expect("capability");
        let (width, height) = self.look.size();
        let data = format!("--user-data-dir={}", self.profile.path().join("chromium").display());
        let size = format!("--window-size={width},{height}");
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-breakpad",
            "--hide-scrollbars",
            &size,
            &data,
        ];
        for flag in flags {
            wanted.add_arg(flag).expect("capability");
        }
        if self.look != Look::Office {
            let metrics =
                json!({"width": width, "height": height, "pixelRatio": 2.0, "touch": true, "mobile": true});
            let phone = json!({"deviceMetrics": metrics, "userAgent": PHONE_AGENT});
            wanted.add_experimental_option("mobileEmulation", phone).expect("capability");
        }
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).expect("capability");
        let session = WebDriver::builder(&self.driver_url, wanted).request_timeout(ANSWER_PATIENCE).await;
        self.session = Some(session.unwrap_or_else(|error| panic!("{}: {error}", self.name)));
    }

    /// Kills every process of the browser (SIGKILL). The profile stays as it is at this moment.
    pub fn kill(&mut self) {
        self.forget();
        self.driver.kill_children();
    }

    fn forget(&mut self) {
        if let Some(session) = self.session.take() {
            // Its processes are killed by their numbers; the driver has nothing to close.
            let _ = session.leak();
        }
    }

    /// Slows all processes of the browser down until the result is dropped.
    pub fn slowed(&self, times: u32) -> Slowed {
        self.driver.slow_children(times)
    }

    /// The session with the running browser.
    pub fn session(&self) -> &WebDriver {
        self.session.as_ref().expect("a running browser")
    }

    /// Goes to an address and waits until the page has loaded.
    pub async fn goto(&self, url: &str) {
        self.session().goto(url).await.unwrap_or_else(|error| panic!("{}: {url}: {error}", self.name));
    }

    /// Runs a script in the page; `arguments[0]` is what is given.
    pub async fn script<T: DeserializeOwned>(&self, script: &str, argument: Value) -> T {
        let done = self.session().execute(script, vec![argument]).await;
        let done = done.unwrap_or_else(|error| panic!("{}: {error}\n{script}", self.name));
        done.convert().unwrap_or_else(|error| panic!("{}: {error}: {}\n{script}", self.name, done.json()))
    }

    /// One command of the Chrome DevTools protocol.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let done = self.session().cdp().send_raw(method, parameters).await;
        done.unwrap_or_else(|error| panic!("{}: {method}: {error}", self.name))
    }

    /// The system's dark setting, on or off.
    pub async fn dark(&self, on: bool) {
        let value = if on { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// What the window shows, PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.session().screenshot_as_png().await.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Saves picture, page and console under `target/e2e/` for whoever mends the failure.
    async fn save_evidence(&self) {
        let Some(session) = &self.session else { return };
        let dir = super::target_dir().join("e2e");
        // The harness runs each test on a thread of its name.
        let stem = format!("{}-{}", std::thread::current().name().unwrap_or("test"), self.name);
        let at = |ending: &str| dir.join(format!("{stem}.{ending}"));
        drop(fs::create_dir_all(&dir));
        if let Ok(png) = session.screenshot_as_png().await {
            drop(fs::write(at("png"), png));
        }
        if let Ok(page) = session.source().await {
            drop(fs::write(at("html"), page));
        }
        if let Ok(lines) = session.browser_log().await {
            drop(fs::write(at("log"), format!("{lines:#?}")));
        }
        drop(fs::copy(self.profile.path().join("chromedriver.log"), at("browser.log")));
        eprintln!("{}: 画面、网页和控制台在 {}", self.name, at("{png,html,log,browser.log}").display());
    }

    /// Where the profile is.
    pub fn profile(&self) -> PathBuf {
        self.profile.path().to_path_buf()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() && self.session.is_some() {
            let runtime = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| runtime.block_on(self.save_evidence()));
        }
        self.forget();
    }
}

/// Saves bytes where a picture belongs.
pub(super) fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
