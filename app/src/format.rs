//! Dates, times and sizes as people read them. Times are Beijing time wherever the phone is: one country, one
//! clock, and no phone's setting can shift a visit to another day.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use crate::beijing::at as beijing;

const BEIJING_HOURS: i64 = 8;
const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

fn weekday(date: NaiveDate) -> &'static str {
    let at = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
    WEEKDAYS.get(at).copied().unwrap_or_default()
}

/// “11月22日 周日”
pub fn day(ms: i64) -> String {
    let date = beijing(ms).date_naive();
    format!("{}月{}日 {}", date.month(), date.day(), weekday(date))
}

/// “11月22日 周日” of a `YYYY-MM-DD`, with the year where it is not `now`'s; the text itself if it is no date.
pub fn day_of(date: &str, now_ms: i64) -> String {
    match date.parse::<NaiveDate>() {
        Ok(date) if date.year() == beijing(now_ms).year() => {
            format!("{}月{}日 {}", date.month(), date.day(), weekday(date))
        }
        Ok(date) => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Err(_) => date.to_owned(),
    }
}

/// “14:05”
pub fn clock(ms: i64) -> String {
    let at = beijing(ms);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// “11月22日”, or “2013年11月22日” in another year than `now`.
pub fn date(ms: i64, now_ms: i64) -> String {
    let (at, now) = (beijing(ms), beijing(now_ms));
    let year = if at.year() == now.year() { String::new() } else { format!("{}年", at.year()) };
    format!("{year}{}月{}日", at.month(), at.day())
}

/// “14:05” today, “昨天 09:10”, else “11月20日 14:05” with the year where it differs.
pub fn moment(ms: i64, now_ms: i64) -> String {
    let days = (beijing(now_ms).date_naive() - beijing(ms).date_naive()).num_days();
    match days {
        0 => clock(ms),
        1 => format!("昨天 {}", clock(ms)),
        _ => format!("{} {}", date(ms, now_ms), clock(ms)),
    }
}

/// “11-15” for a list's edge; “2013-11” in another year.
pub fn short(ms: i64, now_ms: i64) -> String {
    let at = beijing(ms);
    if at.year() == beijing(now_ms).year() {
        format!("{}-{}", at.month(), at.day())
    } else {
        format!("{}-{}", at.year(), at.month())
    }
}

/// Whole years between a `YYYY-MM-DD` and `now`; none if it is no date or lies ahead.
pub fn age(birth: &str, now_ms: i64) -> Option<u32> {
    beijing(now_ms).date_naive().years_since(birth.parse().ok()?)
}

/// `2014-05-31T14:05`, as a date-and-time input shows it.
pub fn input_time(ms: i64) -> String {
    beijing(ms).format("%Y-%m-%dT%H:%M").to_string()
}

/// The moment that a date-and-time input holds, read as Beijing time; none if it is not whole.
pub fn read_input_time(text: &str) -> Option<i64> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    let utc = local.checked_sub_signed(TimeDelta::hours(BEIJING_HOURS))?;
    Some(utc.and_utc().timestamp_millis())
}

/// “860 KB”, “86 MB”, “4.1 GB”
pub fn bytes(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = KB * 1024;
    const GB: u64 = MB * 1024;
    match bytes {
        0..MB => format!("{} KB", bytes.div_ceil(KB)),
        MB..GB => format!("{} MB", bytes / MB),
        _ => format!("{}.{} GB", bytes / GB, bytes % GB * 10 / GB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beijing::DAY_MS;

    /// 2015-11-22 14:05 in Beijing, a Sunday.
    const SUNDAY: i64 = 1_448_172_300_000;

    #[test]
    fn a_day_reads_as_in_a_calendar_on_the_wall() {
        assert_eq!(day(SUNDAY), "11月22日 周日");
        assert_eq!(clock(SUNDAY), "14:05");
        assert_eq!(day_of("2015-11-16", SUNDAY), "11月16日 周一");
        assert_eq!(day_of("2014-11-16", SUNDAY), "2014年11月16日");
        assert_eq!(day_of("乱写", SUNDAY), "乱写");
    }

    #[test]
    fn moments_are_told_from_today() {
        assert_eq!(moment(SUNDAY, SUNDAY + 60_000), "14:05");
        assert_eq!(moment(SUNDAY, SUNDAY + DAY_MS), "昨天 14:05");
        assert_eq!(moment(SUNDAY, SUNDAY + 5 * DAY_MS), "11月22日 14:05");
        assert_eq!(moment(SUNDAY, SUNDAY + 400 * DAY_MS), "2015年11月22日 14:05");
        assert_eq!(short(SUNDAY, SUNDAY), "11-22");
        assert_eq!(short(SUNDAY, SUNDAY + 400 * DAY_MS), "2015-11");
    }

    #[test]
    fn a_time_typed_into_an_input_is_beijing_time() {
        assert_eq!(input_time(SUNDAY), "2015-11-22T14:05");
        assert_eq!(read_input_time("2015-11-22T14:05"), Some(SUNDAY));
        assert_eq!(read_input_time("2015-11-22T14:05:00"), Some(SUNDAY));
        assert_eq!(read_input_time("2015-11-22"), None);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(1), "1 KB");
        assert_eq!(bytes(86 * 1024 * 1024 + 5), "86 MB");
        assert_eq!(bytes(4_409_341_478), "4.1 GB");
    }

    #[test]
    fn an_age_is_counted_in_whole_years() {
        const NOW: i64 = 1_448_172_300_000; // 2015-11-22 14:05
        assert_eq!(age("1964-11-22", NOW), Some(51));
        assert_eq!(age("1964-11-23", NOW), Some(50));
        assert_eq!(age("2015-12-01", NOW), None);
        assert_eq!(age("六四年生", NOW), None);
    }
}
