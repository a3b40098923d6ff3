//! The words of the first start.

pub(crate) const TITLE: &str = "连心册";
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
