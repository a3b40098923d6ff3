//! Processes: started by a test, ended by it, by their numbers.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// How long a process may take to end after it was asked to.
const END_PATIENCE: Duration = Duration::from_secs(40);

/// How long slowed children run at a stretch.
const RUN_SLICE: Duration = Duration::from_millis(4);
/// New children are looked for after so many stretches.
const PACES_BEFORE_LOOKING: u32 = 8;

/// The path of an installed program.
///
/// # Panics
/// When it is not installed, with the command that installs it.
pub fn need(program: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|dir| dir.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("没有安装 {program}：请先运行 .make/setup.sh test"))
}

/// A process that is killed, with all its children, when this is dropped.
pub struct Process {
    child: Child,
    out: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it. Its errors go to the file `log`, its output can be read line by line.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        Self::start_over(command.stdin(Stdio::null()), log)
    }

    fn start_over(command: &mut Command, log: &Path) -> Self {
        let log = fs::OpenOptions::new().create(true).append(true).open(log).expect("log file");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let out = child.stdout.take().map(BufReader::new);
        Self { child, out }
    }

    /// The first word after `mark` in its output; reads on until it comes.
    ///
    /// # Panics
    /// When the process ends before.
    pub fn word_after(&mut self, mark: &str) -> String {
        let out = self.out.as_mut().expect("output is read once");
        let mut line = String::new();
        loop {
            line.clear();
            let read = out.read_line(&mut line).expect("readable output");
            assert!(read > 0, "the process ended without saying “{mark}”");
            if let Some((_, after)) = line.split_once(mark) {
                return after.split_whitespace().next().unwrap_or_default().to_owned();
            }
        }
    }

    /// Starts it with an input that stays open until [`close_input`](Self::close_input).
    pub fn start_with_input(command: &mut Command, log: &Path) -> Self {
        Self::start_over(command.stdin(Stdio::piped()), log)
    }

    /// Its output, to be read by whoever takes it first.
    pub fn output(&mut self) -> Option<BufReader<ChildStdout>> {
        self.out.take()
    }

    /// Its input ends.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end (SIGTERM), without waiting.
    pub fn ask_to_end(&self) {
        signal("-TERM", self.id());
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("own child") {
                return status;
            }
            assert!(begun.elapsed() < END_PATIENCE, "process {} does not end", self.id());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it and all its children at once (SIGKILL), as a phone does that runs out of memory.
    pub fn kill(&mut self) {
        let below = descendants(self.id());
        // A process that has just ended by itself is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        below.into_iter().for_each(kill);
    }

    /// Ends all its children at once (SIGKILL) and leaves the process itself.
    pub fn kill_children(&self) {
        let below = descendants(self.id());
        below.iter().copied().for_each(kill);
        let begun = Instant::now();
        while below.iter().any(|id| is_alive(*id)) {
            assert!(begun.elapsed() < END_PATIENCE, "killed processes do not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Lets all children of a process run only a part of the time, until this is dropped: a slower phone, all of it.
pub struct Slowed {
    wanted: Arc<AtomicBool>,
    pacer: Option<JoinHandle<()>>,
}

impl Process {
    /// Slows all its children down by the factor `times`.
    pub fn slow_children(&self, times: u32) -> Slowed {
        let wanted = Arc::new(AtomicBool::new(true));
        let (of, going) = (self.id(), Arc::clone(&wanted));
        let pacer = std::thread::spawn(move || {
            while going.load(Ordering::Relaxed) {
                let below = descendants(of);
                let all = |signal| {
                    for pid in below.iter().filter_map(|id| Pid::from_raw(id.cast_signed())) {
                        // It may have ended meanwhile.
                        let _ = kill_process(pid, signal);
                    }
                };
                for _ in 0..PACES_BEFORE_LOOKING {
                    all(Signal::STOP);
                    std::thread::sleep(RUN_SLICE * (times - 1));
                    all(Signal::CONT);
                    std::thread::sleep(RUN_SLICE);
                }
            }
        });
        Slowed { wanted, pacer: Some(pacer) }
    }
}

impl Drop for Slowed {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
        if let Some(pacer) = self.pacer.take() {
            // It ends after a last `CONT`; a panic of its own would only have left nothing slowed.
            let _ = pacer.join();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kill(id: u32) {
    signal("-KILL", id);
}

fn signal(which: &str, id: u32) {
    // It may have ended meanwhile; then nobody is there to hear.
    let _ = Command::new("kill").args([which, &id.to_string()]).stderr(Stdio::null()).status();
}

/// State and parent of a process, from `/proc`.
fn stat(id: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in the brackets may hold anything.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    Some((rest.next()?.chars().next()?, rest.next()?.parse().ok()?))
}

fn is_alive(id: u32) -> bool {
    stat(id).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// Children, their children and so on.
fn descendants(of: u32) -> BTreeSet<u32> {
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = ids.filter_map(|id| Some((id, stat(id)?.1))).collect();
    let mut found = BTreeSet::new();
    let mut looking = vec![of];
    while let Some(parent) = looking.pop() {
        let below = parents.iter().filter(|(_, its)| *its == parent).map(|(id, _)| *id);
        looking.extend(below.filter(|id| found.insert(*id)));
    }
    found
}
