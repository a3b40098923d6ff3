//! What phones were told is saved, and whether it is there.

use anyhow::{Context, ensure};
use rusqlite::Connection;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Households by id: how often each was edited, as its text tells.
pub type Households = BTreeMap<Uuid, u64>;

/// What one phone said while it wrote. A household is edited again and again; each edit carries its number.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The last acknowledged edit of each household.
    saved: Households,
    /// Acknowledgements in all.
    count: usize,
}

impl Ledger {
    /// Takes one line of the phone's: `saved ID NUMBER`.
    pub fn note(&mut self, line: &str) -> anyhow::Result<()> {
        let mut words = line.split_whitespace();
        if words.next() != Some("saved") {
            return Ok(());
        }
        let id: Uuid = words.next().context("an id")?.parse()?;
        let number: u64 = words.next().context("a number")?.parse()?;
        let last = self.saved.entry(id).or_default();
        *last = number.max(*last);
        self.count += 1;
        Ok(())
    }

    /// What it said in a later life.
    pub fn add(&mut self, later: Self) {
        for (id, number) in later.saved {
            let last = self.saved.entry(id).or_default();
            *last = number.max(*last);
        }
        self.count += later.count;
    }

    /// Edits that the phone's store acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.count
    }

    /// Whether all of it is there: the last acknowledged edit of each household, or one after it whose
    /// acknowledgement the kill cut off.
    pub fn is_kept(&self, there: &Households) -> anyhow::Result<()> {
        for (id, number) in &self.saved {
            let found = there.get(id).with_context(|| format!("household {id} is lost"))?;
            ensure!(found >= number, "edit {number} of household {id} is lost, {found} is there");
        }
        Ok(())
    }
}

/// The households that the server has.
pub fn on_server(server: &Connection) -> anyhow::Result<Households> {
    let mut statement = server.prepare("SELECT id, head FROM household")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (id, head) = row?;
        Ok((Uuid::from_bytes(id), number_of(&head)?))
    })
    .collect()
}

/// The number within a household's text.
pub fn number_of(head: &str) -> anyhow::Result<u64> {
    let number = head.rsplit('-').next().and_then(|number| number.parse().ok());
    number.with_context(|| format!("no number in {head}"))
}

/// No write is there twice: every stamp stands for one patch.
pub fn nothing_is_doubled(server: &Connection) -> anyhow::Result<()> {
    let doubled: i64 =
        server.query_row("SELECT count(*) - count(DISTINCT stamp) FROM patch", [], |row| row.get(0))?;
    ensure!(doubled == 0, "{doubled} patches are there twice");
    Ok(())
}
