//! What the township's office alone decides; a phone neither writes it nor is asked about it.

use super::household;
use crate::replica::kind;

/// Whether every field of such records is the office's: villages and campaigns.
pub fn decides_all(record_kind: &str) -> bool {
    matches!(record_kind, kind::VILLAGE | kind::CAMPAIGN)
}

/// Whether this field of such records is the office's: all of [`decides_all`], and to which village a household moves.
pub fn decides(record_kind: &str, field: &str) -> bool {
    decides_all(record_kind) || (record_kind == kind::HOUSEHOLD && field == household::field::VILLAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_everybodys_but_for_its_village() {
        assert!(decides(kind::HOUSEHOLD, "village") && !decides(kind::HOUSEHOLD, "phone"));
        assert!(decides(kind::CAMPAIGN, "name") && !decides(kind::VISIT, "village"));
    }
}
