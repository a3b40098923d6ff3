//! A bad wire between phones and server: what goes over it is delayed, cut in its middle, ends too early, or arrives with
//! a byte changed. TLS is spoken over it, as in a township, so that a changed byte is noticed.

use super::Chance;
use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Bytes of one read.
const PIECE_BYTES: usize = 4096;
/// Up to so many bytes go over a connection before its harm comes; one of them is drawn.
const HARM_AFTER_BYTES: [u64; 3] = [1_500, 20_000, 200_000];
/// Of ten pieces so many are delayed, and at most so long.
const DELAYED_OF_TEN: u64 = 2;
const DELAY_MS_MAX: u64 = 120;

/// What happens to one direction of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// Both directions end at once.
    Cut,
    /// It ends as if its sender had finished.
    Truncated,
    /// One byte is another.
    Corrupted,
}

/// How often each harm was done.
#[derive(Debug, Default)]
pub struct Harms {
    cut: AtomicU64,
    truncated: AtomicU64,
    corrupted: AtomicU64,
    delayed: AtomicU64,
}

impl Harms {
    /// Connections cut, truncated and corrupted, and pieces delayed.
    pub fn counts(&self) -> [u64; 4] {
        [&self.cut, &self.truncated, &self.corrupted, &self.delayed].map(|n| n.load(Ordering::Relaxed))
    }
}

/// The wire; it takes connections until it is dropped.
pub struct BadWire {
    address: SocketAddr,
    state: Arc<State>,
    listening: Option<JoinHandle<()>>,
}

struct State {
    port: u16,
    is_bad: AtomicBool,
    has_ended: AtomicBool,
    harms: Harms,
    chance: Mutex<Chance>,
}

impl BadWire {
    /// To a server on this machine; at first it is a good one.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn to(port: u16, seed: u64) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            port,
            is_bad: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            harms: Harms::default(),
            chance: Mutex::new(Chance(seed)),
        });
        let listening = thread::spawn({
            let state = state.clone();
            move || state.listen(&listener)
        });
        Ok(Self { address, state, listening: Some(listening) })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// From now on it is bad, or good.
    pub fn set_bad(&self, is_bad: bool) {
        self.state.is_bad.store(is_bad, Ordering::Relaxed);
    }

    /// What it has done so far.
    pub fn harms(&self) -> &Harms {
        &self.state.harms
    }
}

impl Drop for BadWire {
    fn drop(&mut self) {
        self.state.has_ended.store(true, Ordering::Relaxed);
        // The listener looks up at the next visitor, which is this one.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

impl State {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.has_ended.load(Ordering::Relaxed) {
                return;
            }
            // A server that is down refuses; so does the wire to it.
            let Ok(server) = TcpStream::connect(("127.0.0.1", self.port)) else { continue };
            let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { continue };
            for (from, to) in [(client, server_too), (server, client_too)] {
                let state = self.clone();
                thread::spawn(move || state.carry(from, to));
            }
        }
    }

    /// A number from `low`, below `high`.
    fn draw(&self, low: u64, high: u64) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).between(low, high)
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let span = HARM_AFTER_BYTES[self.draw(0, HARM_AFTER_BYTES.len() as u64) as usize];
        let mut left = self.draw(0, span) as usize;
        let harm = [Harm::Cut, Harm::Truncated, Harm::Corrupted][self.draw(0, 3) as usize];
        let mut piece = [0; PIECE_BYTES];
        // Either end may go at any time: that is what this is for.
        while let Ok(read @ 1..) = from.read(&mut piece) {
            let bytes = &mut piece[..read];
            let mut ends = false;
            if self.is_bad.load(Ordering::Relaxed) {
                self.delay();
                if left < read {
                    ends = self.harm(harm, bytes, left, (&from, &mut to));
                }
            }
            left = left.saturating_sub(read);
            if ends || to.write_all(bytes).is_err() {
                return;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    }

    fn delay(&self) {
        if self.draw(0, 10) < DELAYED_OF_TEN {
            self.harms.delayed.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(self.draw(1, DELAY_MS_MAX)));
        }
    }

    /// Does harm at the byte `at`; true if nothing more goes this way.
    fn harm(
        &self,
        harm: Harm,
        bytes: &mut [u8],
        at: usize,
        (from, to): (&TcpStream, &mut TcpStream),
    ) -> bool {
        match harm {
            Harm::Cut => {
                self.harms.cut.fetch_add(1, Ordering::Relaxed);
                drop(from.shutdown(Shutdown::Both));
                drop(to.shutdown(Shutdown::Both));
                true
            }
            Harm::Truncated => {
                self.harms.truncated.fetch_add(1, Ordering::Relaxed);
                drop(to.write_all(&bytes[..at]));
                drop(to.shutdown(Shutdown::Write));
                true
            }
            Harm::Corrupted => {
                self.harms.corrupted.fetch_add(1, Ordering::Relaxed);
                bytes[at] ^= 1 << self.draw(0, 8);
                false
            }
        }
    }
}
