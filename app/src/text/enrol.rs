//! The words of the first start.

use lianxin_shared::domain::enrol_code::{ENROL_CODE_DIGITS, NoCode};

pub(crate) const TITLE: &str = "连心册";
pub(crate) const AGAIN: &str = "重新登记";
pub(crate) const AGAIN_LEAD: &str = "向乡镇走访办要新的登记码，写在下面。要有网；您写的都留着。";
pub(crate) const LEAD: &str = "走村入户，听一句记一句。没有网也能用，有网自动上报乡镇。";
pub(crate) const HOW: [&str; 3] = [
    "向乡镇走访办要登记码；扫二维码打开的，码已填好。",
    "把码写在下面，点“登记这部手机”。只有这一步要有网。",
    "登记后本村的户册会下到手机里，以后离线也能用。",
];
pub(crate) const SERVER: &str = "服务器地址";
pub(crate) const CODE: &str = "登记码";
pub(crate) const CODE_HINT: &str = "十位数字";
pub(crate) const GO: &str = "登记这部手机";
pub(crate) const GOING: &str = "正在登记…";
pub(crate) const CODE_WANTED: &str = "请先写上登记码。";
pub(crate) const SERVER_WANTED: &str = "请先写上服务器地址，登记码那张纸上有。";
pub(crate) const AT: &str = "登记到";
pub(crate) const ELSEWHERE: &str = "这个登记码是另一台服务器的";
pub(crate) const ELSEWHERE_HINT: &str =
    "在这个网页里登记不了那台服务器。请点下面，到它的网页上登记，码会跟着带过去。";
pub(crate) const HERE_INSTEAD: &str = "不用这个码，就在这里登记";
pub(crate) const OPEN: &str = "打开那个网页";

/// Why what was typed is no code, and what to do: known without asking the server.
pub(crate) fn no_code(why: &NoCode) -> String {
    let wanted = ENROL_CODE_DIGITS;
    match why {
        NoCode::Empty => CODE_WANTED.to_owned(),
        NoCode::NoDigit(other) => {
            format!("登记码只有 {wanted} 位数字，您写的里面有“{other}”，请对着登记码看一遍。")
        }
        NoCode::Digits(count) if *count < wanted => {
            format!("登记码是 {wanted} 位数字，您写了 {count} 位，还差 {} 位。", wanted - count)
        }
        NoCode::Digits(count) => {
            format!("登记码是 {wanted} 位数字，您写了 {count} 位，多了 {} 位。", count - wanted)
        }
    }
}

/// For a phone that is enrolled and opens an enrolment link.
pub(crate) fn already(cadre: &str, township: &str) -> String {
    format!(
        "这部手机已经登记给{cadre}（{township}）。刚才的登记码没有用掉，资料都没有动。乡镇让您重新登记的：先到“我的”点“现在同步”，再打开一次。给别人用、换服务器的：请换一个浏览器打开。"
    )
}
