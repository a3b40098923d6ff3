//! 手机的时间不准.

use crate::beijing::DAY_MS;

pub(crate) const WHAT_TO_DO: &str = "这样记下的走访和手记日期是错的。请在手机“设置”里找到“日期和时间”，打开“自动确定时间”，\
再点“同步”。写的都在，记错的时间可以更正。";

const MINUTE_MS: u64 = 60 * 1000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY: u64 = DAY_MS.unsigned_abs();
const YEAR: u64 = 365 * DAY;

/// `off_ms`: how far the phone is behind the server; negative if it is ahead.
pub(crate) fn wrong(off_ms: i64) -> String {
    let way = if off_ms < 0 { "快" } else { "慢" };
    format!("这部手机的时间不准，{way}了约{}", span(off_ms.unsigned_abs()))
}

/// “2年”, “3天”, “5小时”, “20分钟”
fn span(ms: u64) -> String {
    for (unit_ms, unit) in [(YEAR, "年"), (DAY, "天"), (HOUR_MS, "小时")] {
        if ms >= unit_ms {
            return format!("{}{unit}", (ms + unit_ms / 2) / unit_ms);
        }
    }
    format!("{}分钟", ms / MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_wrong_it_is_is_said_in_one_number() {
        let day = DAY_MS;
        for (off_ms, words) in [
            (-731 * day, "快了约2年"),
            (1_095 * day, "慢了约3年"),
            (-3 * day, "快了约3天"),
            (5 * 60 * 60 * 1000, "慢了约5小时"),
            (-20 * 60 * 1000, "快了约20分钟"),
        ] {
            assert!(wrong(off_ms).ends_with(words), "{}", wrong(off_ms));
        }
    }
}
