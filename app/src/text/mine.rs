//! The words of 我的.

pub(crate) const SAVED: &str = "今天已存本机";
pub(crate) const WAITING: &str = "待上报";
pub(crate) const ENROL_AGAIN: &str = "用新的登记码重新登记（写的都留着）";
pub(crate) const RECEIVED: &str = "乡镇已收到";
pub(crate) const KEPT_APART: &str = "乡镇暂存待核";
pub(crate) const NOT_TAKEN: &str = "未收下";
pub(crate) const SYNC: &str = "现在同步";
pub(crate) const OFFLINE_HINT: &str = "现在没有网也不要紧：有信号时自动上报，写的都在。";
pub(crate) const PRESSED_OFFLINE: &str = "现在没有网或连不上乡镇，记录都在手机里；一有网会自动上报。";
pub(crate) const PRESSED_RUNNING: &str = "正在跟乡镇同步，不用再点。写的都在手机里。";
pub(crate) const PRESSED_DONE: &str = "刚跟乡镇核对过，都已上报。";
pub(crate) const PRESSED_GOING: &str = "正在连乡镇……写的都在手机里。";
pub(crate) const NO_CONFLICTS: &str = "没有要您看的";
pub(crate) const NO_CONFLICTS_HINT: &str = "两个人把同一处写得不一样时，会列在这里让您选。";
pub(crate) const OUTBOX: &str = "待上报的";
pub(crate) const HELD: &str = "乡镇暂存待核的";
pub(crate) const HELD_HINT: &str =
    "乡镇都收着，一个字没少；因为下面写的缘故，还没进台账。请跟乡镇走访办说一声，您这里不用重写。";
pub(crate) const REFUSED: &str = "未收下的";
pub(crate) const REFUSED_HINT: &str =
    "乡镇走访办看过，没有收进台账；您写的都在这里，一个字没少。有疑问请跟乡镇走访办说，可以改为收下。";
pub(crate) const ELSEWHERE: &str = "您别的手机上写的";
pub(crate) const ELSEWHERE_HINT: &str = "在您原来（或另一部）手机上写的，还有没进台账的。字都在乡镇走访办，这部手机上没有；要看写了什么，请问走访办。";
pub(crate) const REFUSED_WORDS: &str = "看写的内容";
pub(crate) const PHONE: &str = "这部手机";
pub(crate) const FONT: &str = "字号";
pub(crate) const STANDARD: &str = "标准";
pub(crate) const LARGE: &str = "大";
pub(crate) const EXTRA: &str = "特大";
pub(crate) const LOOK: &str = "外观";
pub(crate) const VILLAGES: &str = "我的村";
pub(crate) const STORAGE: &str = "存储空间";
pub(crate) const PERSISTED: &str = "系统不会自动清理这里的资料";
pub(crate) const NOT_PERSISTED: &str = "系统空间紧时可能清理：请常同步，不要清理浏览器数据";
pub(crate) const UPDATE: &str = "新版已下好，换成新版";
pub(crate) const UPDATE_LATER: &str = "新版已下好。有没写完的走访，写完再换，免得打断。";
pub(crate) const VERSION: &str = "版本";
pub(crate) const SERVER: &str = "服务器";

/// “未收下 3 条”: a visit with two opinions is three.
pub(crate) fn elsewhere(refused: bool, count: u32) -> String {
    format!("{} {count} 条", if refused { NOT_TAKEN } else { KEPT_APART })
}
/// A village was withdrawn while something of it is unsent or being written.
pub(crate) fn leaving(villages: &[String]) -> String {
    let villages = villages.join("、");
    format!("{villages}已不分给您。那里还有没写完或没报上去的：写完、报完以后，这个村的户册会从本机移走。")
}
pub(crate) fn last(time: &str) -> String {
    format!("上次同步：{time}")
}
pub(crate) fn records(records: u32, size: &str) -> String {
    format!("本机 {records} 条记录，占 {size}")
}
pub(crate) fn used(used: &str) -> String {
    format!("已用 {used}")
}
pub(crate) fn used_of(used: &str, free: &str) -> String {
    format!("已用 {used}，还可用 {free}")
}
/// “待上报：1 次走访（含 2 条意见）、1 篇手记”
pub(crate) fn what(name: &str, tally: &str) -> String {
    format!("{name}：{tally}")
}
pub(crate) fn opinions_with(count: u32) -> String {
    format!(" · 含 {count} 条意见")
}
pub(crate) fn more_waiting(count: usize) -> String {
    format!("再看 {count} 条")
}
pub(crate) fn look(look: crate::platform::Look) -> &'static str {
    use crate::platform::Look;
    match look {
        Look::System => "跟随手机",
        Look::Light => "浅色",
        Look::Dark => "深色",
    }
}
/// One character for a kind of record.
pub(crate) fn badge(kind: &str) -> &'static str {
    match kind {
        "household" => "户",
        "person" => "人",
        "visit" => "访",
        "opinion" => "言",
        "diary" => "记",
        "conflict" => "定",
        _ => "录",
    }
}
/// Why the township keeps a record apart.
pub(crate) fn because(reason: &str) -> String {
    format!("缘故：{reason}")
}
/// What a record is called of which the phone knows no words of its own: its village may have been taken away.
pub(crate) fn untitled(kind: &str) -> &'static str {
    match kind {
        "household" => "户的资料",
        "person" => "家里人的资料",
        "conflict" => "您选定的一处",
        _ => super::EMPTIED,
    }
}
pub(crate) fn written(time: &str) -> String {
    format!("{time} 写")
}
