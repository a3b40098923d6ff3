//! Records in words, as people count them: 走访、手记、户.

use crate::store::{Tally, Walked};

/// Kinds that one line can name.
const NAMED_MAX: usize = 2;

/// “1 次走访（含 2 条意见）、1 篇手记”; empty for none.
pub(crate) fn whole(tally: &Tally) -> String {
    let within = match tally.opinions_in_visits {
        0 => String::new(),
        count => format!("（含 {}）", super::counted(count, "条意见")),
    };
    parts(tally, &within).join("、")
}

/// “1 次走访、1 篇手记”, or “5 项” where there is more than one line can name.
pub(crate) fn brief(tally: &Tally) -> String {
    let parts = parts(tally, "");
    if parts.len() > NAMED_MAX { super::counted(tally.things(), "项") } else { parts.join("、") }
}

/// “今天走了 2 户，有 1 户没人在家，听到 3 条意见”; none where nobody was called on.
pub(crate) fn walked(day: &str, walked: Walked) -> Option<String> {
    let said = [
        (walked.households, "走了", "户"),
        (walked.places, "去了", "处别的地方"),
        (walked.absent, "有", "户没人在家"),
        (walked.opinions, "听到", "条意见"),
    ];
    let said = said.into_iter().filter(|(count, ..)| *count > 0);
    let said: Vec<String> = said.map(|(count, verb, what)| format!("{verb} {count} {what}")).collect();
    (!said.is_empty()).then(|| format!("{day}{}", said.join("，")))
}

fn parts(tally: &Tally, within: &str) -> Vec<String> {
    let is_unsorted = tally.others > 0 && tally.others == tally.things();
    let others = if is_unsorted { "条记录" } else { "条别的记录" };
    [
        (tally.visits, "次走访", within),
        (tally.opinions, "条意见", ""),
        (tally.diaries, "篇手记", ""),
        (tally.households, "户的资料", ""),
        (tally.persons, "人的资料", ""),
        (tally.others, others, ""),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, name, within)| format!("{}{within}", super::counted(count, name)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_one_thing_with_what_was_said_in_it() {
        // A number and its unit keep together.
        let read = |words: String| words.replace('\u{a0}', " ");
        let (whole, brief) = (|tally: &Tally| read(whole(tally)), |tally: &Tally| read(brief(tally)));
        let one = Tally { visits: 1, opinions_in_visits: 2, ..Tally::default() };
        assert_eq!((whole(&one).as_str(), brief(&one).as_str()), ("1 次走访（含 2 条意见）", "1 次走访"));
        let two = Tally { diaries: 1, ..one };
        assert_eq!(whole(&two), "1 次走访（含 2 条意见）、1 篇手记");
        assert_eq!(brief(&two), "1 次走访、1 篇手记");
        assert_eq!(brief(&Tally { households: 3, ..two }), "5 项");
        assert_eq!(brief(&Tally { others: 900, ..Tally::default() }), "900 条记录");
        assert_eq!(whole(&Tally::default()), "");
    }

    #[test]
    fn a_day_is_told_as_it_was() {
        assert_eq!(walked("今天", Walked::default()), None);
        let one = Walked { households: 1, opinions: 2, ..Walked::default() };
        assert_eq!(walked("今天", one).as_deref(), Some("今天走了 1 户，听到 2 条意见"));
        let other = Walked { absent: 1, places: 1, ..Walked::default() };
        assert_eq!(walked("这天", other).as_deref(), Some("这天去了 1 处别的地方，有 1 户没人在家"));
    }
}
