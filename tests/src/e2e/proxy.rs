//! A wire that can be cut: TCP to a server, until so many bytes have gone up.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

/// Bytes of one read.
const PIECE_BYTES: usize = 4096;

/// What may still go up before the wire is cut; none: as much as comes.
type Budget = Arc<Mutex<Option<u64>>>;

/// The wire; it takes connections until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    budget: Budget,
    ended: Arc<Mutex<bool>>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// To a server on this machine.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (budget, ended) = (Budget::default(), Arc::new(Mutex::new(false)));
        let listening = thread::spawn({
            let (budget, ended) = (budget.clone(), ended.clone());
            move || {
                for stream in listener.incoming().flatten() {
                    if *ended.lock().expect("plain data") {
                        return;
                    }
                    // A server that is down refuses; so does the wire to it.
                    if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                        carry(stream, server, budget.clone());
                    }
                }
            }
        });
        Self { address, budget, ended, listening: Some(listening) }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts the connection over which the last of the next `bytes` goes up, once.
    pub fn cut_after(&self, bytes: u64) {
        *self.budget.lock().expect("plain data") = Some(bytes);
    }

    /// Whether the cut that was asked for has happened.
    pub fn has_cut(&self) -> bool {
        self.budget.lock().expect("plain data").is_none()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        *self.ended.lock().expect("plain data") = true;
        // The listener looks up at the next visitor, which is this one.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

fn carry(client: TcpStream, server: TcpStream, budget: Budget) {
    let (Ok(client_out), Ok(server_out)) = (client.try_clone(), server.try_clone()) else { return };
    thread::spawn(move || down(server, client_out));
    thread::spawn(move || up(client, server_out, &budget));
}

fn down(mut server: TcpStream, mut client: TcpStream) {
    // Either end may go at any time: that is what this is for.
    drop(std::io::copy(&mut server, &mut client));
    drop(client.shutdown(Shutdown::Both));
}

fn up(mut client: TcpStream, mut server: TcpStream, budget: &Budget) {
    let mut piece = [0; PIECE_BYTES];
    while let Ok(read @ 1..) = client.read(&mut piece) {
        let passed = spend(budget, read);
        let sent = server.write_all(&piece[..passed.unwrap_or(read)]);
        if passed.is_some() {
            drop(client.shutdown(Shutdown::Both));
        }
        if passed.is_some() || sent.is_err() {
            break;
        }
    }
    drop(server.shutdown(Shutdown::Write));
}

/// How much of what was read goes through before the cut; none if all does and nothing is cut.
fn spend(budget: &Budget, read: usize) -> Option<usize> {
    let mut budget = budget.lock().expect("plain data");
    let left = (*budget)?;
    let read_bytes = read as u64;
    if left > read_bytes {
        *budget = Some(left - read_bytes);
        return None;
    }
    *budget = None;
    Some(usize::try_from(left).unwrap_or(read))
}
