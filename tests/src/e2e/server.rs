//! The real `lianxin-server` process over a township in a temporary folder.

use super::process::Process;
use lianxin_server::storage::DATABASE_FILE;
use rusqlite::{Connection, OpenFlags, Params};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// The demo's office user and password.
pub const OFFICE: (&str, &str) = ("office", "lianxin-demo");

/// Two villages of the same township.
pub const LIUSHUGOU: &str = "519921105201";
/// The other one.
pub const SHIQIAO: &str = "519921105202";

/// For a query of the demo township: households where somebody has been today already, whose page asks before it becomes a
/// second visit. Which they are depends on the time of day.
pub const VISITED_TODAY: &str = "WITH visited_today AS
    (SELECT household FROM visit WHERE household IS NOT NULL AND occurred_at > (unixepoch() - 86400) * 1000)";

/// A township's server: stopped, killed and started again, always at the same address over the same data.
pub struct Server {
    program: PathBuf,
    dir: TempDir,
    /// The phone app that it hands out, where that is not the built one itself.
    web: Option<PathBuf>,
    port: u16,
    url: String,
    running: Option<Process>,
}

impl Server {
    /// The demo township with about `households` households, running.
    pub fn demo(households: usize) -> Self {
        let server = Self::unborn();
        server.cli(&["demo", "--households", &households.to_string()]);
        server.started()
    }

    /// A new township with these villages (code, name) and cadres (name, code of the village), running.
    pub fn township(villages: &[(&str, &str)], cadres: &[(&str, &str)]) -> Self {
        Self::township_at(0, villages, cadres)
    }

    /// A new township of two villages, running: 阿香 and 老周 go to [`LIUSHUGOU`], 小吴 to [`SHIQIAO`].
    pub fn two_villages() -> Self {
        Self::township(
            &[(LIUSHUGOU, "柳树沟村"), (SHIQIAO, "石桥村")],
            &[("阿香", LIUSHUGOU), ("老周", LIUSHUGOU), ("小吴", SHIQIAO)],
        )
    }

    /// The same at a port that was another server's before.
    pub fn township_at(port: u16, villages: &[(&str, &str)], cadres: &[(&str, &str)]) -> Self {
        Self { port, ..Self::unborn() }.with_people(villages, cadres)
    }

    /// The same with all that is its own in a folder, where there may be little room.
    pub fn township_within(folder: &Path, villages: &[(&str, &str)], cadres: &[(&str, &str)]) -> Self {
        let dir = TempDir::new_in(folder).expect("temporary folder");
        Self { dir, ..Self::unborn() }.with_people(villages, cadres)
    }

    fn with_people(self, villages: &[(&str, &str)], cadres: &[(&str, &str)]) -> Self {
        let server = self;
        server.cli(&["init", "--township", "清溪镇", "--region", "519921105000"]);
        for (code, name) in villages {
            server.cli(&["village", "add", code, name]);
        }
        for (name, village) in cadres {
            server.cli(&["cadre", "add", name, "--village", village]);
        }
        let said = server.run(&["user", "add", OFFICE.0, "--display", "走访办公室"], OFFICE.1);
        assert!(said.status.success(), "{said:?}");
        server.started()
    }

    /// A new township of the region with these villages (code, name), all of one cadre, running.
    pub fn township_of(region: &str, villages: &[(&str, &str)], cadre: &str) -> Self {
        let server = Self::unborn();
        server.cli(&["init", "--township", "清溪镇", "--region", region]);
        let mut add = vec!["cadre", "add", cadre];
        for (code, name) in villages {
            server.cli(&["village", "add", code, name]);
            add.extend(["--village", code]);
        }
        server.cli(&add);
        server.started()
    }

    /// Keeps a copy of its data under a name. It must be stopped.
    pub fn keep(&self, name: &str) {
        assert!(self.running.is_none(), "the server runs");
        copy_folder(&self.data(), &self.dir.path().join(name));
    }

    /// Its data are again those that were kept. It must be stopped.
    pub fn go_back_to(&self, name: &str) {
        assert!(self.running.is_none(), "the server runs");
        fs::remove_dir_all(self.data()).expect("its data");
        copy_folder(&self.dir.path().join(name), &self.data());
    }

    fn unborn() -> Self {
        let program = super::built("LIANXIN_SERVER_BIN", "lianxin-server", "cargo build -p lianxin-server");
        let dir = TempDir::new().expect("temporary folder");
        // For all clients of the tests. It fails only if a provider was chosen before, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { program, dir, web: None, port: 0, url: String::new(), running: None }
    }

    fn started(mut self) -> Self {
        self.start();
        self
    }

    /// Starts it; the second time at the port of the first.
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// The same with further options of `serve`.
    pub fn start_with(&mut self, options: &[&str]) {
        assert!(self.running.is_none(), "the server runs already");
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(self.data()).arg("serve").arg("--port").arg(self.port.to_string());
        command.args(options);
        if let Some(web) = self.web.clone().or_else(web_dir) {
            command.arg("--web").arg(web);
        }
        let mut process = Process::start(&mut command, &self.dir.path().join("server.log"));
        let url = process.word_after("手机端");
        self.url = url.trim_end_matches('/').to_owned();
        let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok());
        self.port = port.unwrap_or_else(|| panic!("no port in {url}"));
        self.running = Some(process);
    }

    /// From the next start on it hands out a copy of the phone app as a version of its own: the page's title says
    /// `title`. Start it again afterwards.
    pub fn publish(&mut self, title: &str) {
        let built = web_dir().expect("a built phone app");
        let web = self.dir.path().join(format!("web-{title}"));
        copy_folder(&built, &web);
        let edit = |file: &str, change: &dyn Fn(&str) -> String| {
            let path = web.join(file);
            let text = fs::read_to_string(&path).expect(file);
            let changed = change(&text);
            assert_ne!(text, changed, "{file}");
            fs::write(&path, changed).expect(file);
        };
        edit("index.html", &|page| page.replace("<title>连心册", &format!("<title>{title}")));
        edit("sw.js", &|worker| worker.replace("const VERSION = \"", &format!("const VERSION = \"{title}-")));
        self.web = Some(web);
    }

    /// Changes its data by hand, where no command does it yet. It must be stopped.
    pub fn change(&self, sql: &str, values: impl Params) -> usize {
        assert!(self.running.is_none(), "the server runs");
        let db = Connection::open(self.data().join(DATABASE_FILE)).expect("database");
        db.execute(sql, values).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// From the next start on it speaks TLS, under a certificate of its own for this machine; the root certificate that
    /// clients must trust. It must be stopped.
    pub fn speak_tls(&self) -> PathBuf {
        assert!(self.running.is_none(), "the server runs");
        self.cli(&["tls", "init", "--name", "127.0.0.1"]);
        self.data().join("tls/ca.pem")
    }

    /// Stops it as an administrator does: it ends by itself, and well.
    pub fn stop(&mut self) {
        let mut process = self.running.take().expect("a running server");
        process.ask_to_end();
        let status = process.wait();
        assert!(status.success(), "the server ended badly: {status}");
    }

    /// Kills it (kill -9).
    pub fn kill(&mut self) {
        self.running.take().expect("a running server").kill();
    }

    /// The running process.
    pub fn process(&mut self) -> &mut Process {
        self.running.as_mut().expect("a running server")
    }

    /// `http://127.0.0.1:PORT`, the same over all starts.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A folder beside it for the test's own files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        self.run_over(&self.data(), arguments, input)
    }

    fn run_over(&self, data: &Path, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(&self.program)
            .arg("--data")
            .arg(data)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lianxin-server");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(format!("{input}\n").as_bytes()).or_else(ignore_closed).expect("typed");
        drop(stdin);
        child.wait_with_output().expect("lianxin-server")
    }

    /// Runs one command of `lianxin-server` over the same data and returns what it says.
    ///
    /// # Panics
    /// When the command fails.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments, "");
        assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// The same with no more address space than this, KiB.
    ///
    /// # Panics
    /// When the command fails.
    pub fn cli_within(&self, memory_kib_max: u64, arguments: &[&str]) -> String {
        let limited = format!("ulimit -v {memory_kib_max} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited]).arg(&self.program).arg("--data").arg(self.data()).args(arguments);
        let said = command.stdin(Stdio::null()).output().expect("lianxin-server");
        assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    /// Runs a command that must fail and returns all that it says.
    ///
    /// # Panics
    /// When the command succeeds.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments, "");
        let words =
            [said.stdout, said.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!said.status.success(), "{arguments:?}: {words}");
        words
    }

    /// A fresh enrolment code for a cadre.
    pub fn code(&self, cadre: &str) -> String {
        let said = self.cli(&["enrol", cadre]);
        let code = said.split('：').nth(1).and_then(|rest| rest.split('（').next());
        code.unwrap_or_else(|| panic!("no code in {said}")).trim().to_owned()
    }

    /// `check`: integrity, and projections equal to a rebuild.
    pub fn check(&self) {
        assert!(self.cli(&["check"]).contains("一切正常"));
    }

    /// Backs it up while it runs, and has the backup checked as a township of its own.
    pub fn check_backup(&self, name: &str) -> Connection {
        let data = self.dir.path().join(name);
        fs::create_dir_all(&data).expect("a folder");
        let file = data.join(DATABASE_FILE);
        self.cli(&["backup", &file.to_string_lossy()]);
        let said = self.run_over(&data, &["check"], "");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the backup")
    }

    /// Its port, the same over all starts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its database, to look at and never to write.
    pub fn database(&self) -> Connection {
        let path = self.data().join(DATABASE_FILE);
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("database");
        db.busy_timeout(super::PATIENCE).expect("busy timeout");
        db
    }

    /// One number out of its database.
    pub fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// A client that trusts the CA of a server that speaks TLS, follows no redirect and keeps no cookie.
pub fn secure_client(server: &Server) -> reqwest::Client {
    let pem = fs::read(server.data().join("tls/ca.pem")).expect("the server's CA");
    let ca = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).tls_certs_only([ca]);
    client.build().expect("client")
}

/// A command that does not read its input closes it.
fn ignore_closed(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The built phone app, if it is there: tests of the interface alone do without.
fn web_dir() -> Option<PathBuf> {
    let web =
        std::env::var_os("LIANXIN_WEB_DIR").map_or_else(|| super::target_dir().join("web"), PathBuf::from);
    web.join("index.html").exists().then_some(web)
}

/// The built phone app must be there.
///
/// # Panics
/// When it is not, with the command that builds it.
pub(super) fn need_web() {
    assert!(web_dir().is_some(), "没有手机端网页包：请先运行 .make/web.sh");
}
