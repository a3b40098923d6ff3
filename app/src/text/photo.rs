//! The words of 照片.

pub(crate) const TITLE: &str = "照片";
pub(crate) const OPTIONAL: &str = "照片（可以不拍）";
pub(crate) const HINT: &str = "拍门前、房屋、单据都行；拍人先问一声。位置等信息不会带上去。";
#[cfg(target_family = "wasm")]
pub(crate) const CAMERA: &str = "拍照";
pub(crate) const ALBUM: &str = "从相册选";
pub(crate) const CAPTION: &str = "照片说明";
pub(crate) const CAPTION_HINT: &str = "如：门前的路";
pub(crate) const OPEN: &str = "看大图";
pub(crate) const REMOVE: &str = "去掉这张";
pub(crate) const REMOVED: &str = "已去掉 1 张照片。";
pub(crate) const PUT_BACK: &str = "放回来";
pub(crate) const UNSEEN: &str = "有照片没有加上";
pub(crate) const SEEN: &str = "知道了";
pub(crate) const ON_THEIR_WAY: &str = "您选的照片还没存完，存完就打开。";
pub(crate) const TOO_MANY: &str = "一条记录最多 30 张照片，后面的没有加。";
pub(crate) const FULL: &str = "已有 30 张照片，不能再加了；去掉几张可以再换。";
pub(crate) const AT_TOWNSHIP: &str = "在乡镇";
pub(crate) const FETCHING: &str = "正在从乡镇取这张照片…";
pub(crate) const WAITING: &str = "照片已存本机，还没全传到乡镇；有网时自动接着传，不会从头来。";
pub(crate) const RECEIVED: &str = "照片乡镇已收到";
pub(crate) const ELSEWHERE: &str = "照片是别的手机拍的，已从乡镇取到这里。";
pub(crate) const GO_ON_HINT: &str = "有信号时自动接着传，不会从头来";
pub(crate) const TEXT_FIRST: &str = "文字先报，照片随后";
pub(crate) const TEXT_THERE: &str = "文字已到";

pub(crate) fn progress(at: usize, count: usize) -> String {
    if count == 1 { "正在存照片…".to_owned() } else { format!("正在存照片 {at}/{count}…") }
}
pub(crate) fn not_taken(file: &str, why: &str) -> String {
    format!("“{file}”没有加上：{}。别的都在。", why.trim_end_matches('。'))
}
pub(crate) fn no_room(file: &str) -> String {
    format!("手机存储空间满了，“{file}”没有加上；以前存的都还在。请清出一些空间，再选一次。")
}
pub(crate) fn not_noted(why: &str) -> String {
    format!(
        "照片在本机，可是没能记进那条记录：{}。请打开那条记录，从相册再选一次。",
        why.trim_end_matches('。')
    )
}
pub(crate) fn count(count: usize) -> String {
    format!("照片 {count} 张")
}
pub(crate) fn lacking(count: u32) -> String {
    format!("照片差\u{a0}{}", super::counted(count, "张"))
}
pub(crate) fn text_there(count: u32) -> String {
    format!("{TEXT_THERE}，{}", lacking(count))
}
pub(crate) fn refused(count: u32) -> String {
    format!("有 {count} 张照片乡镇没有收，都还在本机；点开那张照片看原因，要再试就点“现在同步”。")
}
pub(crate) fn caption_long(chars_max: usize) -> String {
    format!("说明太长了，最多 {chars_max} 个字，请缩短；太长的不上报。")
}
pub(crate) fn nth(number: usize) -> String {
    format!("照片 {number}")
}
pub(crate) fn not_received(why: &str) -> String {
    format!("乡镇没有收：{why}")
}
