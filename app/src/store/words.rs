//! What a household is searched by, and why it was found.
//!
//! A line for the household and one for each member. Each line has these parts: the name, what else a list shows of it
//! (initials, group, door, tags), the telephone, which no list shows, and its digits alone if it is grouped. Words are
//! typed without spaces, so none goes over the end of a part.

use super::FoundBy;
use lianxin_shared::domain::{pinyin, typed};

const LINE: char = '\n';
const PART: char = '\t';

/// The searched words of a household and of its members, while they are gathered.
#[derive(Debug)]
pub(super) struct Words(String);

impl Words {
    /// `search` as its projection has it: head, initials, group, door, phone, tags.
    pub fn of_household(head: &str, search: &str, phone: &str) -> Self {
        let mut words = Self(String::with_capacity(search.len() + head.len()));
        let phone = one_line(phone).to_lowercase();
        let rest = format!(" {} ", own_part(head, search));
        let rest = if phone.is_empty() { rest } else { rest.replacen(&format!(" {phone} "), " ", 1) };
        words.line(head, rest.trim(), &phone);
        words
    }

    /// `search` as its projection has it: name, initials, phone.
    pub fn add_member(&mut self, name: &str, search: &str) {
        self.0.push(LINE);
        let rest = own_part(name, search);
        let (initials, phone) = rest.split_once(' ').unwrap_or((&rest, ""));
        self.line(name, initials, phone.trim());
    }

    fn line(&mut self, name: &str, rest: &str, phone: &str) {
        self.0.push_str(&one_line(name));
        for part in [rest, phone] {
            self.0.push(PART);
            self.0.push_str(part);
        }
        if phone.contains(|c: char| !c.is_ascii_digit()) {
            self.0.push(PART);
            self.0.extend(phone.chars().filter(char::is_ascii_digit));
        }
    }
}

impl From<Words> for Box<str> {
    fn from(words: Words) -> Self {
        words.0.into()
    }
}

/// A text in which nothing looks like the end of a part.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a projection's words say beside the name that they begin with.
fn own_part(name: &str, search: &str) -> String {
    let rest = search.strip_prefix(&name.to_lowercase()).unwrap_or(search);
    one_line(rest)
}

/// What somebody has typed: words, all of which a household must have.
#[derive(Debug)]
pub(super) struct Typed(Vec<Word>);

#[derive(Debug)]
struct Word {
    text: String,
    /// It has letters, so that it may spell a name.
    may_spell: bool,
    /// The group that it names.
    group: Option<i64>,
    /// Codes of the villages in whose name it is.
    villages: Vec<String>,
}

/// Where a household is: this is no part of its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whereabouts<'a> {
    pub village: &'a str,
    pub group_no: i64,
}

/// The least characters that name a village: 村 is in most of them.
const VILLAGE_CHARS_MIN: usize = 2;

impl Typed {
    /// The words of a text, on a phone of these villages (code, name).
    pub fn new(text: &str, villages: &[(String, String)]) -> Self {
        let words = typed::words(&text.to_lowercase()).into_iter();
        let words = words.flat_map(|word| village_and_group(word, villages));
        Self(words.map(|text| Word::new(text, villages)).collect())
    }

    /// Whether a household has every word.
    pub fn is_in(&self, words: &str, at: Whereabouts<'_>) -> bool {
        self.0.iter().all(|word| word.is_in(words, at))
    }

    /// How well a household that has every word fits them: as well as the word that fits best.
    pub fn fit(&self, words: &str) -> Fit {
        self.0.iter().map(|word| word.fit(words)).min().unwrap_or(Fit::ELSEWHERE)
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a line of the list does not show, and a household that has every word was found by.
    pub fn found_by(&self, words: &str) -> Option<FoundBy> {
        self.0.iter().find_map(|word| word.found_by(words))
    }
}

/// How well a household fits what was typed: the better, the smaller. The whole of a name comes before its beginning and
/// that before what lies within, and of two such the head's name before a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    part: Part,
    is_members: bool,
}

/// What of a name was typed, by its characters or spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Whole,
    Beginning,
    Within,
    /// No name: a group, a door, a telephone, a tag.
    Elsewhere,
}

impl Fit {
    const ELSEWHERE: Self = Self { part: Part::Elsewhere, is_members: false };
}

/// “石桥三组” as “石桥” and “三组”; any other word as it is.
fn village_and_group(word: String, villages: &[(String, String)]) -> Vec<String> {
    let apart = villages.iter().find_map(|(_, name)| {
        let group = [name.as_str(), name.trim_end_matches('村')]
            .into_iter()
            .filter(|name| !name.is_empty())
            .find_map(|name| word.strip_prefix(name))?;
        typed::group(group)?;
        Some(vec![word.strip_suffix(group)?.to_owned(), group.to_owned()])
    });
    apart.unwrap_or_else(|| vec![word])
}

impl Word {
    fn new(text: String, villages: &[(String, String)]) -> Self {
        let names = villages.iter().filter(|(_, name)| name.contains(&text));
        let villages = if text.chars().count() < VILLAGE_CHARS_MIN {
            Vec::new()
        } else {
            names.map(|(code, _)| code.clone()).collect()
        };
        let group = typed::group(&text).map(i64::from);
        Word { may_spell: text.contains(char::is_lowercase), group, villages, text }
    }

    fn is_in(&self, words: &str, at: Whereabouts<'_>) -> bool {
        match self.group {
            // 三组 is no part of 十三组.
            Some(group) => at.group_no == group,
            None => {
                words.contains(&self.text)
                    || self.villages.iter().any(|code| code == at.village)
                    || self.spells_any(words)
            }
        }
    }

    fn fit(&self, words: &str) -> Fit {
        // A single letter or digit is in nearly every household and tells none from the others.
        if self.text.len() == 1 {
            return Fit::ELSEWHERE;
        }
        let names = lines(words).enumerate();
        let fits = names.map(|(nth, line)| Fit { part: self.part_of(line.name), is_members: nth > 0 });
        fits.filter(|fit| fit.part != Part::Elsewhere).min().unwrap_or(Fit::ELSEWHERE)
    }

    fn part_of(&self, name: &str) -> Part {
        let text = self.text.as_str();
        if name == text {
            Part::Whole
        } else if name.starts_with(text) || self.may_spell && pinyin::is_begun(name, text) {
            if self.may_spell && pinyin::is_whole(name, text) { Part::Whole } else { Part::Beginning }
        } else if name.contains(text) || self.may_spell && pinyin::is_spelled(name, text) {
            Part::Within
        } else {
            Part::Elsewhere
        }
    }

    fn spells_any(&self, words: &str) -> bool {
        self.may_spell && lines(words).any(|line| pinyin::is_spelled(line.name, &self.text))
    }

    /// Whether a telephone has the word, however either is grouped.
    fn dials(&self, line: &Line<'_>) -> bool {
        line.phone.contains(&self.text) || line.digits.contains(&self.text)
    }

    fn shows_in(&self, line: &Line<'_>) -> bool {
        line.name.contains(&self.text)
            || line.rest.contains(&self.text)
            || self.may_spell && pinyin::is_spelled(line.name, &self.text)
    }

    fn found_by(&self, words: &str) -> Option<FoundBy> {
        let mut lines = lines(words);
        let own = lines.next()?;
        if self.shows_in(&own) {
            return None;
        }
        if self.dials(&own) {
            return Some(FoundBy::Phone(own.phone.to_owned()));
        }
        lines.find_map(|member| {
            let name = member.name.to_owned();
            if self.shows_in(&member) {
                return Some(FoundBy::Member(name));
            }
            self.dials(&member).then(|| FoundBy::MemberPhone { name, phone: member.phone.to_owned() })
        })
    }
}

/// A line in its parts.
struct Line<'a> {
    name: &'a str,
    rest: &'a str,
    phone: &'a str,
    /// Of a grouped telephone.
    digits: &'a str,
}

fn lines(words: &str) -> impl Iterator<Item = Line<'_>> {
    words.split(LINE).map(|line| {
        let mut parts = line.split(PART);
        let mut part = || parts.next().unwrap_or_default();
        Line { name: part(), rest: part(), phone: part(), digits: part() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Whereabouts<'_> = Whereabouts { village: "519921105202", group_no: 3 };

    fn typed(text: &str) -> Typed {
        let villages = [("519921105201", "柳树沟村"), ("519921105202", "石桥村")];
        Typed::new(text, &villages.map(|(code, name)| (code.to_owned(), name.to_owned())))
    }

    fn zhou() -> Box<str> {
        let mut words =
            Words::of_household("周秀兰", "周秀兰 zxl 三组 17号 138 0000 0001 残疾人", "138 0000 0001");
        words.add_member("王小明", "王小明 wxm 13900000002");
        words.add_member("Li明", "li明 lim ");
        words.into()
    }

    fn found_by(text: &str) -> Option<FoundBy> {
        let (typed, words) = (typed(text), zhou());
        assert!(typed.is_in(&words, AT), "{text}");
        typed.found_by(&words)
    }

    #[test]
    fn what_the_line_shows_needs_no_word() {
        for text in ["", "周", "zxl", "zhouxiu", "三组 17", "三组17号", "残疾", "周 三组"] {
            assert_eq!(found_by(text), None, "{text}");
        }
    }

    #[test]
    fn its_village_and_its_group_are_found_however_they_are_written() {
        for text in ["3组", "第三组", "３组", "石桥", "石桥村 周", "石桥三组", "石桥村3组17号", "三组１７号"]
        {
            assert_eq!(found_by(text), None, "{text}");
        }
        for text in ["柳树沟", "柳树沟三组", "十三组", "组", "13组"] {
            assert!(!typed(text).is_in("周秀兰\tzxl 河西 17号", Whereabouts { group_no: 0, ..AT }), "{text}");
        }
        let tenth = Whereabouts { group_no: 13, ..AT };
        assert!(!typed("三组").is_in("周秀兰\tzxl 十三组", tenth) && typed("13组").is_in("", tenth));
    }

    #[test]
    fn what_it_does_not_show_is_said() {
        let ming = || Some(FoundBy::Member("王小明".to_owned()));
        for text in ["小明", "wxm", "wangxiaoming", "wang xm", "周 wangx"] {
            assert_eq!(found_by(text), ming(), "{text}");
        }
        assert_eq!(found_by("LI明"), Some(FoundBy::Member("Li明".to_owned())));
        assert_eq!(found_by("0001"), Some(FoundBy::Phone("138 0000 0001".to_owned())));
        let by_phone = FoundBy::MemberPhone { name: "王小明".to_owned(), phone: "13900000002".to_owned() };
        assert_eq!(found_by("1390"), Some(by_phone));
    }

    #[test]
    fn a_whole_name_fits_best_and_the_heads_before_a_members() {
        let of = |head: &str, member: &str| -> Box<str> {
            let mut words = Words::of_household(head, head, "");
            words.add_member(member, member);
            words.into()
        };
        // From the best to the least.
        let all = [
            of("王明", "李四"),
            of("张三", "王明"),
            of("王明华", "李四"),
            of("张三", "王明华"),
            of("小王明", "李四"),
            of("张三", "小王明"),
        ];
        for text in ["王明", "wangming", "wm", "三组 王明"] {
            let fits: Vec<Fit> = all.iter().map(|words| typed(text).fit(words)).collect();
            assert!(fits.is_sorted_by(|a, b| a < b), "{text}: {fits:?}");
        }
        // Words that name nobody say nothing of the order.
        for text in ["三组", "17", ""] {
            assert!(all.iter().all(|words| typed(text).fit(words) == Fit::ELSEWHERE), "{text}");
        }
    }

    #[test]
    fn a_telephone_is_found_however_it_is_grouped_and_nobody_else_for_it() {
        let mut words = Words::of_household("王海龙", "王海龙 whl 三组 17号 13900009138", "13900009138");
        words.add_member("王强", "王强 wq 14045101219");
        words.add_member("王诗涵", "王诗涵 wsh 140 4510-9138");
        let words: Box<str> = words.into();
        let hers = FoundBy::MemberPhone { name: "王诗涵".to_owned(), phone: "140 4510-9138".to_owned() };
        for text in ["140 4510 9138", "140-4510-9138", "14045109138", "三组17号 140 4510 9138", "45109138"]
        {
            let typed = typed(text);
            assert!(typed.is_in(&words, AT), "{text}");
            assert_eq!(typed.found_by(&words), Some(hers.clone()), "{text}");
        }
        assert!(!typed("140 4510 9139").is_in(&words, AT), "nobody's");
    }

    #[test]
    fn nothing_is_found_across_two_people_or_parts() {
        for text in ["兰王", "xiulanwang", "zxl三组", "wxm13900000002"] {
            assert!(!typed(text).is_in(&zhou(), AT), "{text}");
        }
    }
}
