//! Households by name, for those that no number tells apart.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of a household besides its name: whether its head has a number, and its 户编号 or nothing.
type Known = (bool, String);

/// Positions of households by a name key. However many namesakes there are, a look-up costs the same.
pub struct Names<K> {
    by_key: BTreeMap<K, BTreeMap<Known, BTreeSet<usize>>>,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Names { by_key: BTreeMap::new() }
    }
}

impl<K: Ord> Names<K> {
    /// Adds a household.
    pub fn insert(&mut self, key: K, numbered: bool, household_no: &str, at: usize) {
        let known = (numbered, household_no.to_owned());
        self.by_key.entry(key).or_default().entry(known).or_default().insert(at);
    }

    /// Takes a household out, since what is known of it changes.
    pub fn remove(&mut self, key: &K, numbered: bool, household_no: &str, at: usize) {
        let Some(knowns) = self.by_key.get_mut(key) else { return };
        let known = (numbered, household_no.to_owned());
        if let Some(positions) = knowns.get_mut(&known) {
            positions.remove(&at);
            if positions.is_empty() {
                knowns.remove(&known);
            }
        }
    }

    /// Up to two households that one with this name could be: not both have a number, and their 户编号 do
    /// not contradict. Two already mean that it is unclear.
    pub fn candidates(&self, key: &K, numbered: bool, household_no: &str) -> Vec<usize> {
        let Some(knowns) = self.by_key.get(key) else { return Vec::new() };
        if household_no.is_empty() {
            let unnumbered = knowns.range(..(true, String::new()));
            let rest = knowns.range((true, String::new())..).filter(|_| !numbered);
            return unnumbered.chain(rest).flat_map(|(_, positions)| positions).take(2).copied().collect();
        }
        let either: &[bool] = if numbered { &[false] } else { &[false, true] };
        let fitting = either.iter().flat_map(|other| {
            [household_no, ""].into_iter().filter_map(|number| knowns.get(&(*other, number.to_owned())))
        });
        fitting.flatten().take(2).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_on_both_sides_or_two_household_numbers_rule_each_other_out() {
        let mut names = Names::default();
        names.insert("张三", true, "1", 0);
        names.insert("张三", false, "2", 1);
        assert_eq!(names.candidates(&"张三", true, ""), [1]);
        assert_eq!(names.candidates(&"张三", false, ""), [1, 0]);
        assert_eq!(names.candidates(&"张三", false, "1"), [0]);
        assert_eq!(names.candidates(&"张三", true, "1"), Vec::<usize>::new());
        names.remove(&"张三", false, "2", 1);
        assert_eq!(names.candidates(&"张三", true, ""), Vec::<usize>::new());
    }
}
