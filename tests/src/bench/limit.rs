//! What no sync can beat on this machine: the raw records in one durable transaction, compressed, sent over loopback,
//! and decompressed.

use anyhow::{Context, ensure};
use rusqlite::Connection;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

const ZSTD_LEVEL: i32 = 3;

/// One measurement over the raw lines.
///
/// # Errors
/// When SQLite or the loopback fails.
pub fn limit(lines: &[String]) -> anyhow::Result<Duration> {
    let dir = tempfile::tempdir()?;
    let mut db = Connection::open(dir.path().join("limit.db"))?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE raw (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;",
    )?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let receiving = thread::spawn(move || -> anyhow::Result<usize> {
        let (mut stream, _) = listener.accept()?;
        let mut length = [0; 8];
        stream.read_exact(&mut length)?;
        let mut body = vec![0; usize::try_from(u64::from_be_bytes(length))?];
        stream.read_exact(&mut body)?;
        let plain = zstd::decode_all(body.as_slice())?;
        stream.write_all(b"1")?;
        Ok(plain.len())
    });
    let begun = Instant::now();
    let tx = db.transaction()?;
    {
        let mut insert = tx.prepare("INSERT INTO raw (body) VALUES (?1)")?;
        for line in lines {
            insert.execute([line])?;
        }
    }
    tx.commit()?;
    let raw = lines.join("\n");
    let body = zstd::encode_all(raw.as_bytes(), ZSTD_LEVEL)?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&(body.len() as u64).to_be_bytes())?;
    stream.write_all(&body)?;
    stream.read_exact(&mut [0])?;
    let took = begun.elapsed();
    let received = receiving.join().ok().context("the receiver ended badly")??;
    ensure!(received == raw.len(), "{received} bytes came of {}", raw.len());
    Ok(took)
}

/// Bytes of the raw lines after zstd -3.
///
/// # Errors
/// When zstd fails.
pub fn packed_bytes(lines: &[String]) -> anyhow::Result<usize> {
    Ok(zstd::encode_all(lines.join("\n").as_bytes(), ZSTD_LEVEL)?.len())
}
