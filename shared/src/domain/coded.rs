//! Enums that a record keeps as short codes and people read as Chinese labels.

/// A closed set of codes with their Chinese labels. A code of a newer version reads as the default.
pub trait Coded: Copy + Default + PartialEq + 'static {
    /// Every value, in the order in which screens offer them.
    const ALL: &'static [Self];
    /// The code kept in the record.
    fn code(self) -> &'static str;
    /// What people read.
    fn label(self) -> &'static str;
    /// The value of a code; `None` for a code that this version does not know.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.code() == code)
    }
}

/// Declares an enum and its [`Coded`] implementation; the first value is the default.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident = $first_code:literal $first_label:literal,
        $($(#[$one_doc:meta])* $one:ident = $code:literal $label:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $(#[$first_doc])* #[default] $first, $($(#[$one_doc])* $one),* }
        impl $crate::domain::Coded for $name {
            const ALL: &'static [Self] = &[Self::$first, $(Self::$one),*];
            fn code(self) -> &'static str {
                match self { Self::$first => $first_code, $(Self::$one => $code),* }
            }
            fn label(self) -> &'static str {
                match self { Self::$first => $first_label, $(Self::$one => $label),* }
            }
        }
    };
}
pub(crate) use coded;
