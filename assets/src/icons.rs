//! Line icons of one family: path data for `<svg viewBox="0 0 24 24">` with stroke 1.8, round caps, no fill.

/// 今日
pub const HOME: &str = "M4 11l8-7 8 7v8.5a.5.5 0 0 1-.5.5H14v-5.5h-4V20H4.5a.5.5 0 0 1-.5-.5z";
/// 户册
pub const BOOK: &str =
    "M6 3.5h11a2 2 0 0 1 2 2v15H7a2 2 0 0 1-2-2v-14a1 1 0 0 1 1-1zM5 18a2 2 0 0 1 2-2h12M9 8h6";
/// 手记
pub const PEN: &str = "M4 20h4L19.5 8.5a2.1 2.1 0 0 0 0-3l-1-1a2.1 2.1 0 0 0-3 0L4 16zM13.5 6.5l4 4";
/// 我的
pub const PERSON: &str = "M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.7-4 3.6-6 7.5-6s6.8 2 7.5 6";
/// Several people.
pub const PEOPLE: &str = "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.5-3.5 3-5.5 6.5-5.5s6 2 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.2c2.3.6 3.7 2.4 4 5.3";
/// Back.
pub const BACK: &str = "M15 5l-7 7 7 7";
/// On to the row's page.
pub const NEXT: &str = "M9 5l7 7-7 7";
/// Search.
pub const SEARCH: &str = "M10.5 17.5a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM15.7 15.7L20.5 20.5";
/// Add.
pub const PLUS: &str = "M12 5v14M5 12h14";
/// Done, saved.
pub const CHECK: &str = "M5 12.5l4.5 4.5L19 7.5";
/// Close, clear.
pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
/// Sync.
pub const SYNC: &str =
    "M20 5v5h-5M4 19v-5h5M19.3 10A7.5 7.5 0 0 0 6 7.2L4 9.5M4.7 14A7.5 7.5 0 0 0 18 16.8l2-2.3";
/// Something is wrong.
pub const WARN: &str = "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17.2v.1";
/// A plain word to know.
pub const INFO: &str = "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 11v5M12 7.8v.1";
/// No network: everything stays on this phone.
pub const OFFLINE: &str = "M3 3l18 18M8.5 16.3a5 5 0 0 1 7 0M5.5 12.8a9.5 9.5 0 0 1 4-2.3M14 10.3c1.7.4 3.2 1.3 4.5 2.5M2.8 9.2A14 14 0 0 1 6.5 6.6M10.5 5.2A14 14 0 0 1 21.2 9.2M12 19.8v.1";
/// Waiting.
pub const CLOCK: &str = "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2";
/// Telephone.
pub const PHONE: &str = "M6.5 3.5h3l1.5 4.5-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4.5 1.5v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2z";
/// Throw away.
pub const BIN: &str = "M4.5 6.5h15M9.5 6V4h5v2M6.5 6.5l1 14h9l1-14M10 10.5v6M14 10.5v6";
/// A sheet of questions.
pub const LIST: &str = "M9 6h11M9 12h11M9 18h11M4 6h.1M4 12h.1M4 18h.1";
/// Take a photo.
pub const CAMERA: &str =
    "M4 7.5h3.2L9 5h6l1.8 2.5H20v11.5H4zM12 16.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z";
/// A photo, the album.
pub const PICTURE: &str =
    "M4 4.5h16v15H4zM4.5 17l4.8-5 3.4 3.4 2.8-2.6 4 4M15.5 9.6a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6z";
/// Someone's words.
pub const SPEECH: &str = "M4 4.5h16v11.5h-8L7.5 20v-4H4zM8 8.5h8M8 12h5";
