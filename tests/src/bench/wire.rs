//! A wire between phone and server that counts what passes and takes its time, as a far network does.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Bytes of one read.
const PIECE_BYTES: usize = 64 * 1024;

/// The wire; it takes connections as long as the process runs.
pub struct Wire {
    url: String,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
}

impl Wire {
    /// To a server on this machine, with this round trip.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub fn to(port: u16, round_trip: Duration) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let wire = Self {
            url: format!("http://{}", listener.local_addr()?),
            up: Arc::default(),
            down: Arc::default(),
        };
        let (up, down, one_way) = (wire.up.clone(), wire.down.clone(), round_trip / 2);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (Ok(client_out), Ok(server_out)) = (client.try_clone(), server.try_clone()) else {
                    continue;
                };
                carry(client, server_out, up.clone(), one_way);
                carry(server, client_out, down.clone(), one_way);
            }
        });
        Ok(wire)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Bytes so far, up and down, headers and all.
    pub fn bytes(&self) -> (u64, u64) {
        (self.up.load(Ordering::Relaxed), self.down.load(Ordering::Relaxed))
    }
}

/// Carries one direction: what was read is counted at once and delivered `one_way` later.
fn carry(mut from: TcpStream, mut to: TcpStream, count: Arc<AtomicU64>, one_way: Duration) {
    let (sender, queue) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, piece) in queue {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    });
    thread::spawn(move || {
        let mut piece = vec![0; PIECE_BYTES];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            count.fetch_add(read as u64, Ordering::Relaxed);
            let Some(passed) = piece.get(..read) else { break };
            if sender.send((Instant::now() + one_way, passed.to_vec())).is_err() {
                break;
            }
        }
    });
}
