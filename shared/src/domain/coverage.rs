//! Coverage（约定）: of the households that a scheme requires, how many were met in the campaign. A visit by
//! anyone of the team counts for the village; 无人在家 and 作废 never count.

use super::{household::Household, visit::Visit};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Covered out of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Targets with at least one visit that counts.
    pub covered: usize,
    /// Targets in scope.
    pub total: usize,
}

impl Coverage {
    /// Targets not yet met.
    pub fn left(self) -> usize {
        self.total.saturating_sub(self.covered)
    }

    /// Whole per cent, rounded down so that 100 means nobody is left; 100 where there is nobody to visit.
    pub fn percent(self) -> usize {
        (self.covered.min(self.total) * 100).checked_div(self.total).unwrap_or(100)
    }
}

/// Whether a visit covers its household in this campaign: made for it, somebody met, not void.
pub fn counts(visit: &Visit, campaign: &Uuid) -> bool {
    visit.campaign.as_ref() == Some(campaign) && visit.covers()
}

/// Households that stand for others: 并户 links followed to their end.
#[derive(Debug, Clone, Default)]
pub struct Aliases(BTreeMap<Uuid, Uuid>);

impl Aliases {
    /// The links of these households.
    pub fn of<'a>(households: impl IntoIterator<Item = (&'a Uuid, &'a Household)>) -> Self {
        let links = households.into_iter().filter_map(|(id, household)| Some((*id, household.merged_into?)));
        Aliases(links.collect())
    }

    /// The household under which this one is shown. A ring of links, which two offline phones can make,
    /// ends at its least id, so that all members agree.
    pub fn resolve(&self, id: Uuid) -> Uuid {
        let mut seen = BTreeSet::new();
        let mut at = id;
        while seen.insert(at) {
            match self.0.get(&at) {
                Some(next) => at = *next,
                None => return at,
            }
        }
        // `at` is on the ring: walk it once for its least id.
        let (mut least, mut walk) = (at, at);
        while let Some(next) = self.0.get(&walk).filter(|next| **next != at) {
            walk = *next;
            least = least.min(walk);
        }
        least
    }
}

/// Which households were covered in the campaign, by the ids under which they are shown.
pub fn covered<'a>(
    visits: impl IntoIterator<Item = &'a Visit>,
    campaign: &Uuid,
    aliases: &Aliases,
) -> BTreeSet<Uuid> {
    let counting = visits.into_iter().filter(|visit| counts(visit, campaign));
    counting.filter_map(|visit| visit.household).map(|id| aliases.resolve(id)).collect()
}

/// The coverage of some targets (each an id under which a household is shown).
pub fn coverage(targets: impl IntoIterator<Item = Uuid>, covered: &BTreeSet<Uuid>) -> Coverage {
    let targets: BTreeSet<Uuid> = targets.into_iter().collect();
    Coverage { covered: targets.intersection(covered).count(), total: targets.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMPAIGN: Uuid = Uuid::from_u128(99);

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn visit(household: u128) -> Visit {
        Visit { household: Some(id(household)), campaign: Some(CAMPAIGN), ..Visit::default() }
    }

    fn merged(pairs: &[(u128, u128)]) -> Aliases {
        let households: Vec<_> = pairs
            .iter()
            .map(|(from, to)| (id(*from), Household { merged_into: Some(id(*to)), ..Household::default() }))
            .collect();
        Aliases::of(households.iter().map(|(id, household)| (id, household)))
    }

    #[test]
    fn only_a_standing_visit_of_the_campaign_that_met_somebody_counts() {
        let visits = [
            visit(1),
            Visit { absent: true, ..visit(2) },
            Visit { void_reason: "走错了门".to_owned(), ..visit(3) },
            Visit { campaign: None, ..visit(4) },
            Visit { campaign: Some(id(98)), ..visit(5) },
            visit(1),
        ];
        let covered = covered(&visits, &CAMPAIGN, &Aliases::default());
        assert_eq!(covered, BTreeSet::from([id(1)]));
        let all = coverage((1..=5).map(id), &covered);
        assert_eq!((all, all.left(), all.percent()), (Coverage { covered: 1, total: 5 }, 4, 20));
    }

    #[test]
    fn nobody_home_and_then_met_is_covered() {
        let visits = [Visit { absent: true, ..visit(1) }, visit(1)];
        let covered = covered(&visits, &CAMPAIGN, &Aliases::default());
        assert_eq!(coverage([id(1)], &covered).left(), 0);
    }

    #[test]
    fn a_visit_of_a_merged_household_covers_the_one_it_is_shown_under() {
        let aliases = merged(&[(1, 2), (2, 3)]);
        let covered = covered(&[visit(1)], &CAMPAIGN, &aliases);
        assert_eq!(coverage([id(3)], &covered), Coverage { covered: 1, total: 1 });
    }

    #[test]
    fn a_ring_of_links_ends_at_one_household_for_all() {
        let aliases = merged(&[(5, 6), (6, 4), (4, 5), (9, 6)]);
        for start in [4, 5, 6, 9] {
            assert_eq!(aliases.resolve(id(start)), id(4), "from {start}");
        }
        assert_eq!(merged(&[(1, 1)]).resolve(id(1)), id(1));
    }

    #[test]
    fn per_cent_is_never_rounded_up_to_all() {
        assert_eq!(Coverage { covered: 199, total: 200 }.percent(), 99);
        assert_eq!(Coverage::default().percent(), 100);
    }
}
