//! 意见建议、问题: what a villager said, verbatim for ever (S1 “原汁原味……不回避、不掩盖、不过滤”).

use super::{Problem, coded::coded, fields as f};
use crate::replica::FieldSet;
use serde::Deserialize;
use uuid::Uuid;

/// Field names of an `opinion` record.
pub mod field {
    /// The visit at which it was heard (uuid); null if it came alone.
    pub const VISIT: &str = "visit";
    /// The household (uuid); null for another source.
    pub const HOUSEHOLD: &str = "household";
    /// The words, verbatim.
    pub const TEXT: &str = "text";
    /// 问题、意见建议、申诉举报、求助
    pub const KIND: &str = "kind";
    /// Topic code of the category tree; null while nobody has sorted it.
    pub const CATEGORY: &str = "category";
    /// 渠道
    pub const CHANNEL: &str = "channel";
    /// 立行立改: mended on the spot.
    pub const IMMEDIATE: &str = "immediate";
    /// The name is withheld.
    pub const ANONYMOUS: &str = "anonymous";
    /// When it was said, ms UTC.
    pub const OCCURRED_AT: &str = "occurred_at";
    /// Who heard it (cadre id).
    pub const VISITOR: &str = "visitor";
    /// Their name as it was then.
    pub const VISITOR_NAME: &str = "visitor_name";
}

/// The channel of an opinion heard at a visit (S3 实地走访).
pub const CHANNEL_VISIT: &str = "visit";
/// Longest words of one opinion, characters.
pub const OPINION_CHARS_MAX: usize = 5_000;

coded! {
    /// What the words are; 问题 and 意见建议 are counted apart (S2 “问题6692个,征集意见建议3065条”).
    OpinionKind {
        /// 问题
        Problem = "problem" "问题",
        /// 意见建议
        Suggestion = "suggestion" "意见建议",
        /// 申诉举报 (S1)
        Appeal = "appeal" "申诉举报",
        /// 求助
        Help = "help" "求助",
    }
}

/// A topic that opinions are sorted under: one node of the category tree of S0, S1 and S2
/// (`templates/topics.json`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Code kept in records.
    pub code: String,
    /// What people read.
    pub name: String,
    /// Code of the topic above it.
    #[serde(default)]
    pub parent: Option<String>,
    /// The document that names it.
    pub source: String,
}

/// One opinion as this version understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opinion {
    /// The visit at which it was heard.
    pub visit: Option<Uuid>,
    /// The household.
    pub household: Option<Uuid>,
    /// The words.
    pub text: String,
    /// What they are.
    pub kind: OpinionKind,
    /// Topic code; empty while unsorted.
    pub category: String,
    /// 渠道
    pub channel: String,
    /// 立行立改
    pub immediate: bool,
    /// The name is withheld.
    pub anonymous: bool,
    /// When it was said, ms UTC.
    pub occurred_at: Option<i64>,
    /// Who heard it (cadre id).
    pub visitor: String,
    /// Their name.
    pub visitor_name: String,
}

impl Opinion {
    /// Reads a record's fields.
    pub fn from_fields(fields: &FieldSet) -> Self {
        Opinion {
            visit: f::id(fields, field::VISIT),
            household: f::id(fields, field::HOUSEHOLD),
            text: f::text(fields, field::TEXT),
            kind: f::coded(fields, field::KIND),
            category: f::text(fields, field::CATEGORY),
            channel: f::text(fields, field::CHANNEL),
            immediate: f::flag(fields, field::IMMEDIATE),
            anonymous: f::flag(fields, field::ANONYMOUS),
            occurred_at: f::int(fields, field::OCCURRED_AT),
            visitor: f::text(fields, field::VISITOR),
            visitor_name: f::text(fields, field::VISITOR_NAME),
        }
    }

    /// Every field that this version knows; emptied ones are null. Save [`super::changes`], not this.
    pub fn to_fields(&self) -> FieldSet {
        use super::Coded;
        f::collect([
            (field::VISIT, f::id_value(self.visit)),
            (field::HOUSEHOLD, f::id_value(self.household)),
            (field::TEXT, f::text_value(&self.text)),
            (field::KIND, f::text_value(self.kind.code())),
            (field::CATEGORY, f::text_value(&self.category)),
            (field::CHANNEL, f::text_value(&self.channel)),
            (field::IMMEDIATE, f::flag_value(self.immediate)),
            (field::ANONYMOUS, f::flag_value(self.anonymous)),
            (field::OCCURRED_AT, f::int_value(self.occurred_at)),
            (field::VISITOR, f::text_value(&self.visitor)),
            (field::VISITOR_NAME, f::text_value(&self.visitor_name)),
        ])
    }

    /// What a person should mend before 完成.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.text.trim().is_empty() {
            problems.push(Problem::new(field::TEXT, "这一条还没写字；照原话写，或者删掉这一条。"));
        }
        problems.extend(f::too_long(field::TEXT, "这一条", &self.text, OPINION_CHARS_MAX));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_byte_for_byte() {
        let said = "  上回来的人说给换电褥子，\n开春说的，到现在没见着。👀 ";
        let opinion = Opinion { text: said.to_owned(), immediate: true, ..Opinion::default() };
        let read = Opinion::from_fields(&opinion.to_fields());
        assert_eq!(read.text, said);
        assert_eq!(read, opinion);
    }

    #[test]
    fn an_empty_line_is_questioned() {
        assert_eq!(Opinion { text: " 　\n".to_owned(), ..Opinion::default() }.validate().len(), 1);
        assert_eq!(Opinion { text: "路不好".to_owned(), ..Opinion::default() }.validate(), []);
    }
}
