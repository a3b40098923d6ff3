//! A group of syncs in one transaction, as the writer's thread commits them.

use super::{Committed, Server};
use crate::sim::{
    faults::Burn,
    network::{Ask, Packet},
};
use anyhow::{Context, Result};
use lianxin_server::service::{
    Caller, Pushed, Refusal, ServiceError, begin_next_life, greet, note_sync, write_phase,
};
use lianxin_shared::wire::v1::{Cursor, ErrorCode, SyncRequest};
use rusqlite::Connection;

impl Server {
    /// Commits a group of syncs as the writer does; none if the whole transaction failed.
    pub fn commit_group(
        &self,
        group: Vec<(Packet, Caller)>,
        now_ms: i64,
        burn: Burn,
    ) -> Result<Option<Vec<Committed>>> {
        let db = self.writer().context("down")?;
        self.light(burn);
        let outcome = self.run_group(db, group, now_ms);
        let burnt = self.put_out();
        if outcome.is_err() && !db.is_autocommit() {
            db.execute_batch("ROLLBACK")?;
        }
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(_) if burnt => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn run_group(
        &self,
        db: &Connection,
        group: Vec<(Packet, Caller)>,
        now_ms: i64,
    ) -> Result<Vec<Committed>> {
        let mut done = Vec::new();
        db.execute_batch("BEGIN IMMEDIATE")?;
        for (packet, caller) in group {
            db.execute_batch("SAVEPOINT one")?;
            let (outcome, cursor) = match self.write_one(db, &packet, &caller, now_ms) {
                Ok((pushed, cursor)) => {
                    db.execute_batch("RELEASE one")?;
                    let told = |refusal| self.told(ServiceError::Refused(refusal));
                    (
                        match pushed {
                            Ok(pushed) => Ok(pushed),
                            Err(refusal) => Err(told(refusal)?),
                        },
                        cursor,
                    )
                }
                Err(error) => {
                    anyhow::ensure!(!db.is_autocommit(), "SQLite gave the transaction up: {error}");
                    db.execute_batch("ROLLBACK TO one; RELEASE one")?;
                    (Err(self.told(error)?), Cursor::default())
                }
            };
            done.push(Committed { packet, outcome, cursor });
        }
        db.execute_batch("COMMIT")?;
        Ok(done)
    }

    fn write_one(
        &self,
        db: &Connection,
        packet: &Packet,
        caller: &Caller,
        now_ms: i64,
    ) -> Result<(Result<Pushed, Refusal>, Cursor), ServiceError> {
        let Ask::Sync(bytes) = &packet.body else { return Ok((Ok(Pushed::default()), Cursor::default())) };
        let request: SyncRequest = serde_json::from_slice(bytes).expect("a phone's request is whole");
        let cursor = request.cursor.clone();
        match first_half(db, caller, &request, now_ms) {
            Err(ServiceError::Refused(Refusal(body))) if body.code == ErrorCode::RolledBack => {
                let past = [request.left.as_slice(), &[request.epoch]].concat();
                match begin_next_life(db, caller, &past, self.new_life(), now_ms) {
                    Err(ServiceError::Refused(refusal)) => return Ok((Err(refusal), cursor)),
                    begun => begun?,
                }
                // The refusal must stand in the same transaction as the life that it speaks of.
                match first_half(db, caller, &request, now_ms) {
                    Err(ServiceError::Refused(refusal)) => Ok((Err(refusal), cursor)),
                    other => Ok((Ok(other?), cursor)),
                }
            }
            outcome => Ok((Ok(outcome?), cursor)),
        }
    }
}

/// As the service does: what pushes nothing writes nothing, but that it was here.
fn first_half(
    db: &Connection,
    caller: &Caller,
    request: &SyncRequest,
    now_ms: i64,
) -> Result<Pushed, ServiceError> {
    if !request.patches.is_empty() {
        return write_phase(db, caller, request.clone(), now_ms);
    }
    let (pushed, is_due) = greet(db, caller, request.clone(), now_ms)?;
    if is_due {
        note_sync(db, caller, now_ms)?;
    }
    Ok(pushed)
}
