//! Beijing time: fixed at UTC+8, whatever the phone's own zone says.

use chrono::{DateTime, FixedOffset};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const OFFSET_MS: i64 = 8 * 60 * 60 * 1000;

/// A moment in Beijing time.
pub fn at(ms: i64) -> DateTime<FixedOffset> {
    let utc = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    match FixedOffset::east_opt((OFFSET_MS / 1000) as i32) {
        Some(offset) => utc.with_timezone(&offset),
        None => utc.fixed_offset(),
    }
}

/// `YYYY-MM-DD`
pub fn date(ms: i64) -> String {
    at(ms).format("%Y-%m-%d").to_string()
}

/// The moment at which the day of `ms` begins.
pub fn day_start(ms: i64) -> i64 {
    (ms + OFFSET_MS).div_euclid(DAY_MS) * DAY_MS - OFFSET_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let ten_past_eight_utc = 1_700_000_000_000 - 1_700_000_000_000 % DAY_MS + 16 * 3_600_000 + 600_000;
        assert_eq!(at(day_start(ten_past_eight_utc)).format("%H:%M:%S").to_string(), "00:00:00");
        assert_eq!(ten_past_eight_utc - day_start(ten_past_eight_utc), 600_000);
    }
}
