//! 修改记录.

pub(crate) const TITLE: &str = "修改记录";
pub(crate) const ASKING: &str = "正在向乡镇服务器要…";
pub(crate) const LEAD: &str = "最近的在最上面。“写于”是写的人那台手机的时钟，“收到”是乡镇服务器的时钟。每一次改动都留着，只有依法抹去的内容不再有。";
pub(crate) const NOT_SENT: &str = "这部手机上还没上报的改动都在本机，报上去以后才列在这里。";
pub(crate) const HELD: &str = "待收下";
pub(crate) const SETTLED: &str = "在几种写法里选定";
pub(crate) const UNSEEN: &str = "写的时候没看到别人的改动";
pub(crate) const SALVAGED: &str = "服务器恢复后补回";
pub(crate) const NOTHING_TO_READ: &str = "没有改动看得见的内容。";

pub(crate) const OF_HOUSEHOLD: &str = "户的资料";
pub(crate) const OF_VISIT: &str = "走访记录";
pub(crate) const UNNAMED: &str = "不留姓名的原话，改动不列在这里。";
/// Characters of what somebody said by which it is told from other words.
const SAID_CHARS: usize = 12;

/// “家里人 周小军”
pub(crate) fn of_member(name: &str) -> String {
    let name = if name.trim().is_empty() { super::household::NAMELESS_MEMBER } else { name };
    format!("家里人 {name}")
}
/// “原话“上回来的人说给换电褥子…””
pub(crate) fn of_opinion(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= SAID_CHARS {
        return format!("原话“{text}”");
    }
    let begun: String = text.chars().take(SAID_CHARS).collect();
    format!("原话“{}…”", begun.trim_end_matches(['，', '。', '、', '；']))
}
/// By the clock of the writer's phone.
pub(crate) fn written(time: &str) -> String {
    format!("写于 {time}")
}
/// By the server's clock.
pub(crate) fn received(time: &str) -> String {
    format!("收到 {time}")
}
/// “原来：138…”
pub(crate) fn before(value: &str) -> String {
    format!("原来：{value}")
}
/// “改为：139…”, or what was written where nothing stood.
pub(crate) fn after(value: &str, had_one: bool) -> String {
    if had_one { format!("改为：{value}") } else { format!("写上：{value}") }
}
/// Older ones that are not listed.
pub(crate) fn older(count: u32) -> String {
    format!("更早的还有 {count} 次，请到乡镇办公台看。")
}
