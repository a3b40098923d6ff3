//! Counters for `/metrics`.

use crate::clock::now_ms;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the server has done since it started.
#[derive(Debug)]
pub struct Metrics {
    started_ms: i64,
    syncs: AtomicU64,
    refusals: AtomicU64,
    patches: AtomicU64,
    rows: AtomicU64,
    enrolments: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started_ms: now_ms(),
            syncs: AtomicU64::new(0),
            refusals: AtomicU64::new(0),
            patches: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            enrolments: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    pub(super) fn synced(&self, patches: usize, rows: usize) {
        self.syncs.fetch_add(1, Relaxed);
        self.patches.fetch_add(patches as u64, Relaxed);
        self.rows.fetch_add(rows as u64, Relaxed);
    }
    pub(super) fn refused(&self) {
        self.refusals.fetch_add(1, Relaxed);
    }
    pub(super) fn enrolled(&self) {
        self.enrolments.fetch_add(1, Relaxed);
    }

    pub(super) fn render(&self, now_ms: i64) -> String {
        let counters = [
            ("lianxin_syncs_total", "Sync requests answered", &self.syncs),
            ("lianxin_sync_refusals_total", "Sync requests refused", &self.refusals),
            ("lianxin_patches_received_total", "Patches received, repetitions included", &self.patches),
            ("lianxin_rows_sent_total", "Rows sent to phones", &self.rows),
            ("lianxin_enrolments_total", "Phones enrolled", &self.enrolments),
        ];
        let mut text = format!(
            "# HELP lianxin_uptime_seconds Time since the start\n# TYPE lianxin_uptime_seconds gauge\nlianxin_uptime_seconds {}\n",
            (now_ms - self.started_ms) / 1000
        );
        for (name, help, counter) in counters {
            let value = counter.load(Relaxed);
            text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n"));
        }
        text
    }
}
