//! What happened last, for the one who replays a failure; and a sum over all of it, by which two runs of one
//! seed are shown to be the same.

use std::collections::VecDeque;

/// Lines kept unless all are wanted.
const LINES_KEPT: usize = 60;

/// The story of one world. It never names what code under test drew at random (record ids, nonces).
#[derive(Debug, Default)]
pub struct Trace {
    lines: VecDeque<String>,
    all: bool,
    sum: u64,
}

impl Trace {
    /// Keeps the tail, or all of it.
    pub fn new(all: bool) -> Self {
        Trace { all, ..Trace::default() }
    }

    /// One line more.
    pub fn say(&mut self, now_ms: i64, line: String) {
        for byte in line.bytes() {
            self.sum = (self.sum.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517C_C1B7_2722_0A95);
        }
        if !self.all && self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(format!("{:>12.3}s  {line}", now_ms as f64 / 1000.0));
    }

    /// The sum over all lines ever said.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// What is kept.
    pub fn tail(&self) -> String {
        self.lines.iter().fold(String::new(), |text, line| text + line.as_str() + "\n")
    }
}
