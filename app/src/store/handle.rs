//! The store itself: its database and the answers to requests.

use rusqlite::Connection;

use super::{Event, Reply, Request, Status, StoreError};

/// The one owner of the database connection.
pub struct Store {
    connection: Connection,
    events: Vec<Event>,
}

impl Store {
    /// Opens the store over a keyed connection.
    ///
    /// # Errors
    /// When the database cannot be brought to this version's schema.
    pub fn open(connection: Connection) -> Result<Self, StoreError> {
        connection
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS place (route TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT",
            )
            .map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(Self { connection, events: Vec::new() })
    }

    /// Does what was asked; what it answers is durable.
    ///
    /// # Errors
    /// [`StoreError`], in the user's words.
    pub fn handle(&mut self, request: Request, now_ms: i64) -> Result<Reply, StoreError> {
        let broken = |error: rusqlite::Error| StoreError::Broken(error.to_string());
        match request {
            Request::SavePlace { route } => {
                self.connection
                    .execute("INSERT INTO place (route, at_ms) VALUES (?1, ?2)", (&route, now_ms))
                    .map_err(broken)?;
                self.events.push(Event::Changed);
                Ok(Reply::Done)
            }
            _ => {
                let sql = "SELECT coalesce((SELECT route FROM place ORDER BY rowid DESC LIMIT 1), '')";
                let place = self.connection.query_row(sql, [], |row| row.get(0)).map_err(broken)?;
                Ok(Reply::Status(Status { place, ..Status::default() }))
            }
        }
    }

    /// Takes what the store has to say since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}
