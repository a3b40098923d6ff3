//! A server that misbehaves: it answers every request with one given answer, or keeps silent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

/// The misbehaving server; it listens until it is dropped.
pub struct Stranger {
    address: SocketAddr,
    /// None ends the listening.
    answer: Arc<Mutex<Option<(u16, String)>>>,
    listening: Option<JoinHandle<()>>,
}

impl Stranger {
    /// Answers everything with this status and body; port 0 is any.
    pub fn answering(port: u16, status: u16, body: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port");
        let address = listener.local_addr().expect("an address");
        let answer = Arc::new(Mutex::new(Some((status, body.to_owned()))));
        let given = answer.clone();
        let listening = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some((status, body)) = given.lock().expect("plain data").clone() else { return };
                // Whoever hangs up early needs no answer.
                drop(serve(stream, status, &body));
            }
        });
        Self { address, answer, listening: Some(listening) }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers differently from now on.
    pub fn now_answering(&self, status: u16, body: &str) {
        *self.answer.lock().expect("plain data") = Some((status, body.to_owned()));
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        *self.answer.lock().expect("plain data") = None;
        // The listener looks up at the next visitor, which is this one.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            drop(listening.join());
        }
    }
}

fn serve(stream: TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} Whatever\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
         Access-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
