//! Numbers, days and times as the office reads them: Beijing time, thousands separated.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

/// Beijing time, which has no summer time.
const BEIJING_SECONDS_EAST: i32 = 8 * 60 * 60;
/// One day, milliseconds.
#[allow(non_upper_case_globals)]
pub(crate) const day_ms: i64 = 24 * 60 * 60 * 1000;

const WEEKDAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];

/// The wall time in Beijing.
pub(crate) fn beijing(ms: i64) -> NaiveDateTime {
    on_a_calendar(ms).unwrap_or_default()
}

/// The same; none where no calendar reaches: a phone's clock may say anything.
fn on_a_calendar(ms: i64) -> Option<NaiveDateTime> {
    let east = TimeDelta::seconds(i64::from(BEIJING_SECONDS_EAST));
    DateTime::from_timestamp_millis(ms)?.naive_utc().checked_add_signed(east)
}

/// When a day (`YYYY-MM-DD`) begins in Beijing, Unix milliseconds; none if there is no such day.
pub(crate) fn day_start_ms(day: &str) -> Option<i64> {
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    midnight.checked_sub(i64::from(BEIJING_SECONDS_EAST) * 1000)
}

/// The day of a moment, `YYYY-MM-DD`.
pub(crate) fn iso_day(ms: i64) -> String {
    beijing(ms).format("%Y-%m-%d").to_string()
}

/// `2025-11-22 09:30`, for tables that leave the house. They are read without us: what no calendar has is said to be none.
pub(crate) fn iso_minute(ms: i64) -> String {
    let minute = on_a_calendar(ms).map(|at| at.format("%Y-%m-%d %H:%M").to_string());
    minute.unwrap_or_else(|| "时间不对".to_owned())
}

/// 11月22日 周六, with the year if it is not this one.
pub(crate) fn day(ms: i64, now_ms: i64) -> String {
    date(beijing(ms).date(), beijing(now_ms).year())
}

/// 11月22日 周六 of a day written `YYYY-MM-DD`; what is no day stands as it is.
pub(crate) fn day_of(text: &str, now_ms: i64) -> String {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(parsed) => date(parsed, beijing(now_ms).year()),
        Err(_) => text.to_owned(),
    }
}

/// 11月22日 without its weekday, with the year if it is not this one.
pub(crate) fn short_day_of(text: &str, now_ms: i64) -> String {
    day_of(text, now_ms).split(' ').next().unwrap_or_default().to_owned()
}

fn date(date: NaiveDate, this_year: i32) -> String {
    let index = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
    let weekday = WEEKDAYS.get(index).copied().unwrap_or_default();
    let year = if date.year() == this_year { String::new() } else { format!("{}年", date.year()) };
    format!("{year}{}月{}日 {weekday}", date.month(), date.day())
}

/// 11月22日 09:30, with the year if it is not this one.
pub(crate) fn minute(ms: i64, now_ms: i64) -> String {
    let at = beijing(ms);
    let day = day(ms, now_ms);
    format!("{} {}", day.split(' ').next().unwrap_or_default(), at.format("%H:%M"))
}

/// 今天 09:30、昨天 09:30; 11月22日 09:30 before that.
pub(crate) fn moment(ms: i64, now_ms: i64) -> String {
    match (beijing(now_ms).date() - beijing(ms).date()).num_days() {
        0 => format!("今天 {}", clock(ms)),
        1 => format!("昨天 {}", clock(ms)),
        _ => minute(ms, now_ms),
    }
}

/// 09:30.
pub(crate) fn clock(ms: i64) -> String {
    let at = beijing(ms);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// How long ago, in the unit in which people say it: 刚刚、12 分钟前、3 小时前、昨天、5 天前.
pub(crate) fn ago(ms: i64, now_ms: i64) -> String {
    let minutes = now_ms.saturating_sub(ms).max(0) / 60_000;
    let days = (beijing(now_ms).date() - beijing(ms).date()).num_days();
    match (days, minutes) {
        (..=0, ..2) => "刚刚".to_owned(),
        (..=0, ..60) => format!("{minutes} 分钟前"),
        (..=0, _) => format!("{} 小时前", minutes / 60),
        (1, _) => format!("昨天 {}", clock(ms)),
        (days, _) => format!("{days} 天前"),
    }
}

/// 1,284.
pub(crate) fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The first `chars` characters on one line, with an ellipsis where something is left out.
pub(crate) fn excerpt(text: &str, chars: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars {
        return line;
    }
    line.chars().take(chars).chain(['…']).collect()
}

/// An ID number with its birthday and sequence hidden: pages are looked over shoulders.
pub(crate) fn masked(id_number: &str) -> String {
    let chars = id_number.chars().count();
    if chars <= 8 {
        return id_number.to_owned();
    }
    let (first, last) = (id_number.chars().take(6), id_number.chars().skip(chars - 2));
    first.chain("****".chars()).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-11-21 16:30 UTC, half past midnight in Beijing.
    const NIGHT: i64 = 1_763_742_600_000;

    #[test]
    fn a_moment_is_told_in_beijing_time() {
        assert_eq!(iso_minute(NIGHT), "2025-11-22 00:30");
        assert_eq!(day(NIGHT, NIGHT), "11月22日 周六");
        assert_eq!(day(NIGHT, NIGHT + 60 * day_ms), "2025年11月22日 周六");
        assert_eq!(minute(NIGHT, NIGHT), "11月22日 00:30");
        assert_eq!(day_start_ms("2025-11-22"), Some(NIGHT - 30 * 60_000));
        assert_eq!(day_start_ms("2025-02-30"), None);
        assert_eq!(day_of("昨天", NIGHT), "昨天");
    }

    #[test]
    fn how_long_ago_follows_days_as_people_count_them() {
        let told = [1, 5, 29, 31, 24 * 60 + 31].map(|minutes| ago(NIGHT - minutes * 60_000, NIGHT));
        assert_eq!(told, ["刚刚", "5 分钟前", "29 分钟前", "昨天 23:59", "2 天前"]);
        assert_eq!(ago(NIGHT - 3 * 60 * 60_000, NIGHT + 8 * 60 * 60_000), "昨天 21:30");
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1284, 1_000_000, -1284].map(count), ["0", "999", "1,284", "1,000,000", "-1,284"]);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt("𠮷家的\n路 坏了", 4), "𠮷家的 …");
        assert_eq!(excerpt("短", 4), "短");
        assert_eq!(masked("519921195102280017"), "519921****17");
        assert_eq!(masked("123"), "123");
    }
}
