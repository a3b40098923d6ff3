//! Light or dark: a setting of this device that must be known before the first screen is painted, thus before the store
//! is open.

/// How the screens look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// 跟随手机
    #[default]
    System,
    /// 浅色
    Light,
    /// 深色
    Dark,
}

impl Look {
    /// All, in the order in which they are offered.
    pub const ALL: [Look; 3] = [Look::System, Look::Light, Look::Dark];

    /// As it is kept.
    pub fn code(self) -> &'static str {
        match self {
            Look::System => "system",
            Look::Light => "light",
            Look::Dark => "dark",
        }
    }

    /// The look that was kept; the system's for anything else.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|look| look.code() == code.trim()).unwrap_or_default()
    }
}
