//! The columns of township tables: their usual headings, and `--map` for unusual ones.

use super::table::ImportError;
use super::words;
use lianxin_shared::domain::text::half_width;
use std::collections::{BTreeMap, BTreeSet};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// 村
    Village,
    /// 组
    Group,
    /// 户编号
    HouseholdNo,
    /// 户主
    Head,
    /// 户主身份证号
    HeadIdNumber,
    /// 姓名
    Name,
    /// 身份证号 or 残疾证号
    IdNumber,
    /// 残疾证号, in a column of its own
    Certificate,
    /// 与户主关系
    Relation,
    /// 人口
    Population,
    /// 联系电话
    Phone,
    /// 门牌
    Door,
    /// 住址
    Address,
    /// 户类型, any words
    Category,
    /// 是否低保 …: yes or no for these tags
    Flag(&'static [&'static str]),
    /// 农户 or 居民户
    Class,
    /// 性别
    Sex,
    /// 出生日期
    Birth,
    /// 备注
    Note,
    /// Left out on purpose (`--map 列名=-`).
    Ignored,
}

/// Field names for `--map`, and each column's usual headings without spaces, brackets and colons.
const NAMES: [(&str, Column, &[&str]); 19] = [
    (
        "village",
        Column::Village,
        &["村", "行政村", "村名", "所在村", "村居", "村社区", "所属村", "村委会", "村居名称"],
    ),
    (
        "group",
        Column::Group,
        &["组", "组别", "村民小组", "村民组", "小组", "村组", "自然村", "组名", "所在组", "村小组", "所属组"],
    ),
    (
        "household_no",
        Column::HouseholdNo,
        &["户编号", "户号", "家庭编号", "户籍编号", "农户编号", "户口编号", "户代码", "户口簿号"],
    ),
    ("head", Column::Head, &["户主", "户主姓名", "户主名字", "户主名", "农户姓名", "家庭户主"]),
    (
        "head_id_number",
        Column::HeadIdNumber,
        &["户主身份证号", "户主身份证号码", "户主公民身份号码", "户主身份证", "户主证件号码"],
    ),
    (
        "name",
        Column::Name,
        &[
            "姓名",
            "名字",
            "成员姓名",
            "家庭成员",
            "家庭成员姓名",
            "人员姓名",
            "残疾人姓名",
            "家庭成员名字",
            "成员",
        ],
    ),
    (
        "id_number",
        Column::IdNumber,
        &[
            "身份证号",
            "身份证号码",
            "身份证",
            "公民身份号码",
            "公民身份证号",
            "公民身份证号码",
            "居民身份证号",
            "居民身份证号码",
            "证件号码",
            "证件号",
            "成员身份证号",
            "成员身份证号码",
            "家庭成员身份证号",
            "家庭成员身份证号码",
            "家庭成员公民身份号码",
            "家庭成员证件号码",
        ],
    ),
    (
        "certificate",
        Column::Certificate,
        &["残疾证号", "残疾人证号", "残疾证号码", "残疾人证号码", "残疾证件号码"],
    ),
    (
        "relation",
        Column::Relation,
        &[
            "与户主关系",
            "与户主的关系",
            "和户主关系",
            "关系",
            "家庭关系",
            "成员关系",
            "家庭成员关系",
            "家庭成员与户主关系",
            "户主关系",
        ],
    ),
    (
        "population",
        Column::Population,
        &[
            "人口",
            "家庭人口",
            "家庭人口数",
            "人口数",
            "人数",
            "家庭人数",
            "户人口",
            "常住人口",
            "户籍人口",
            "在册人口",
            "家庭成员数",
        ],
    ),
    (
        "phone",
        Column::Phone,
        &[
            "联系电话",
            "联系方式",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "电话号码",
            "联系号码",
            "联系手机",
            "户主电话",
            "户主联系电话",
            "户主手机号",
            "户主联系方式",
            "固定电话",
        ],
    ),
    ("door", Column::Door, &["门牌", "门牌号", "门牌号码", "户门牌号"]),
    (
        "address",
        Column::Address,
        &["住址", "地址", "家庭住址", "家庭地址", "详细地址", "居住地址", "现住址", "户籍地址", "户籍住址"],
    ),
    (
        "category",
        Column::Category,
        &[
            "户类型",
            "户类别",
            "类别",
            "类型",
            "农户类型",
            "户属性",
            "人员类别",
            "对象类别",
            "家庭类型",
            "困难类型",
            "走访类别",
            "贫困类型",
            "人员类型",
        ],
    ),
    ("class", Column::Class, &["户口性质", "户籍性质", "户口类型", "户籍类型", "户口类别", "农居户"]),
    ("sex", Column::Sex, &["性别"]),
    ("birth", Column::Birth, &["出生日期", "出生年月日", "出生年月", "生日"]),
    ("note", Column::Note, &["备注", "说明", "备考", "其他情况", "情况说明", "备注说明"]),
    ("-", Column::Ignored, &["序号", "编号", "顺序号"]),
];

/// What `--map` says: columns by their normalised headings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap {
    by_heading: BTreeMap<String, (String, Column)>,
}

impl ColumnMap {
    /// Reads `列名=field,列名=field`; full-width signs will do. A field is one of those listed in the error,
    /// `tags.<code>` for a yes-or-no column, or `-` for a column to leave out.
    ///
    /// # Errors
    /// [`ImportError::Map`] with the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let mut map = ColumnMap::default();
        for part in text.split([',', '，', '、', ';', '；']).map(str::trim).filter(|part| !part.is_empty())
        {
            let wrong = || ImportError::Map { part: part.to_owned(), fields: field_names() };
            let (heading, field) = part.split_once(['=', '＝']).ok_or_else(wrong)?;
            let column = column_of_field(half_width(field).trim()).ok_or_else(wrong)?;
            if normalise(heading).is_empty() {
                return Err(wrong());
            }
            map.by_heading.insert(normalise(heading), (heading.trim().to_owned(), column));
        }
        Ok(map)
    }

    /// Headings that none of the layouts has.
    ///
    /// # Errors
    /// [`ImportError::MapColumn`] for the first of them: a typing slip must not silently do nothing.
    pub fn check_used<'a>(&self, headings: impl Iterator<Item = &'a str>) -> Result<(), ImportError> {
        let seen: BTreeSet<String> = headings.map(normalise).collect();
        match self.by_heading.iter().find(|(heading, _)| !seen.contains(*heading)) {
            Some((_, (column, _))) => Err(ImportError::MapColumn { column: column.clone() }),
            None => Ok(()),
        }
    }
}

fn field_names() -> String {
    let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
    format!("{}、tags.<类别代码>", names.join("、"))
}

fn column_of_field(field: &str) -> Option<Column> {
    if let Some(code) = field.strip_prefix("tags.") {
        return words::tag_slice(code).map(Column::Flag);
    }
    NAMES.iter().find(|(name, ..)| *name == field).map(|(_, column, _)| *column)
}

/// A heading as it is compared: half width, no spaces, no brackets with what they hold, no colons or stars.
pub fn normalise(heading: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for c in half_width(heading).chars() {
        match c {
            '(' | '[' | '{' | '【' | '〔' | '<' => depth += 1,
            ')' | ']' | '}' | '】' | '〕' | '>' => depth = depth.saturating_sub(1),
            c if depth > 0 || c.is_whitespace() || matches!(c, ':' | '*' | '、' | '/' | '"' | '.') => {}
            c => out.push(c),
        }
    }
    out
}

/// Whether several columns of this kind make sense.
pub fn adds_up(column: Column) -> bool {
    matches!(column, Column::Phone | Column::Note | Column::Category | Column::Flag(_) | Column::Ignored)
}

/// What a column with this heading holds.
pub fn column_of(heading: &str, map: &ColumnMap) -> Option<Column> {
    let heading = normalise(heading);
    if heading.is_empty() {
        return None;
    }
    if let Some((_, column)) = map.by_heading.get(&heading) {
        return Some(*column);
    }
    let usual =
        NAMES.iter().find(|(_, _, names)| names.contains(&heading.as_str())).map(|(_, column, _)| *column);
    usual.or_else(|| words::flag(&heading).map(Column::Flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_any_dress() {
        let map = ColumnMap::default();
        for (heading, column) in [
            (" 户 主　姓名：", Column::Head),
            ("证件号码（20位残疾证号）", Column::IdNumber),
            ("*公民身份号码", Column::IdNumber),
            ("联系\n电话", Column::Phone),
            ("家庭人口数(人)", Column::Population),
            ("组　别", Column::Group),
            ("村（社区）", Column::Village),
        ] {
            assert_eq!(column_of(heading, &map), Some(column), "{heading}");
        }
        assert!(matches!(column_of("是否低保", &map), Some(Column::Flag(["kunnan_hu"]))));
        assert!(matches!(column_of("是否五保户", &map), Some(Column::Flag(["tekun_hu"]))));
        assert_eq!(column_of("耕地面积", &map), None);
    }
}
