//! The words of township tables: categories of households and people, yes and no, relations, groups.

use lianxin_shared::domain::category::BorneBy;
use lianxin_shared::domain::household::HouseholdClass;
use lianxin_shared::domain::person::Sex;
use lianxin_shared::domain::region;
use lianxin_shared::domain::text::{clean, half_width};
use lianxin_shared::templates::templates;

/// Words for a category and the tags that they stand for.
///
/// Codes: those of `templates/categories.json`, the categories of S0, S3 “四必到、五必访” and S4 “五必访”; what whoever
/// is of one is of too (a 特困户 is a 困难户) stands there. 五保 is the earlier name of 特困供养. 党员 alone is no 老党员.
const CATEGORY_WORDS: [(&str, &[&str]); 46] = [
    ("特困", &["tekun_hu"]),
    ("五保", &["tekun_hu"]),
    ("低保", &["kunnan_hu"]),
    ("最低生活保障", &["kunnan_hu"]),
    ("困难户", &["kunnan_hu"]),
    ("困难家庭", &["kunnan_hu"]),
    ("贫困户", &["kunnan_hu"]),
    ("低收入", &["dishouru_hu"]),
    ("建档立卡", &["kunnan_hu"]),
    ("上访", &["shangfang_hu"]),
    ("信访", &["shangfang_hu"]),
    ("种养大户", &["zhongyang_dahu"]),
    ("种植大户", &["zhongyang_dahu"]),
    ("养殖大户", &["zhongyang_dahu"]),
    ("种粮大户", &["zhongyang_dahu"]),
    ("种养专业户", &["zhongyang_hu"]),
    ("种养户", &["zhongyang_hu"]),
    ("种植户", &["zhongyang_hu"]),
    ("养殖户", &["zhongyang_hu"]),
    ("种植专业户", &["zhongyang_hu"]),
    ("养殖专业户", &["zhongyang_hu"]),
    ("个体工商户", &["getihu"]),
    ("个体户", &["getihu"]),
    ("工商户", &["getihu"]),
    ("老党员", &["lao_dangyuan"]),
    ("老干部", &["lao_ganbu"]),
    ("离退休干部", &["lao_ganbu", "litui_laotongzhi"]),
    ("离退休老同志", &["litui_laotongzhi"]),
    ("离任村干部", &["lao_ganbu"]),
    ("残疾", &["canji_ren"]),
    ("下岗", &["xiagang_zhigong"]),
    ("孤寡", &["gugua_laoren"]),
    ("孤老", &["gugua_laoren"]),
    ("留守儿童", &["liushou_ertong"]),
    ("留守妇女", &["liushou_funv"]),
    ("两代表一委员", &["liangdaibiao"]),
    ("党代表", &["liangdaibiao"]),
    ("人大代表", &["liangdaibiao"]),
    ("政协委员", &["liangdaibiao"]),
    ("留守孩子", &["liushou_ertong"]),
    ("空巢", &["kongchao_laoren"]),
    ("独居老人", &["kongchao_laoren"]),
    ("访户", &["shangfang_hu"]),
    ("下岗职工", &["xiagang_zhigong"]),
    ("孤寡老人", &["gugua_laoren"]),
    ("空巢老人", &["kongchao_laoren"]),
];

/// A category word right behind one of these is denied, or past.
const DENIALS: [&str; 11] = ["非", "无", "不", "未", "否", "不是", "没有", "退出", "取消", "原", "曾"];

/// Tag of whoever holds a 残疾人证.
pub const DISABLED: &str = "canji_ren";

/// Whether a tag describes a person rather than a household.
pub fn is_person_code(code: &str) -> bool {
    templates().category(code).is_some_and(|category| category.borne_by == BorneBy::Person)
}

/// The tags of a column that `--map` names by a code.
pub fn tag_slice(code: &str) -> Option<&'static [&'static str]> {
    CATEGORY_WORDS.iter().map(|(_, codes)| *codes).find(|codes| codes.first() == Some(&code))
}

/// Tags named anywhere in a cell about categories (户类型 …); a word that is denied (非低保、无残疾) names
/// none. The second part is what no known word was found in.
pub fn categories(text: &str) -> (Vec<&'static str>, Vec<String>) {
    let (mut codes, mut unknown) = (Vec::new(), Vec::new());
    for token in tokens(text) {
        let found = in_token(&token);
        if found.is_none() && class(&token).is_none() && !is_ordinary(&token) {
            unknown.push(token);
        }
        codes.extend(found.into_iter().flatten());
    }
    (codes, unknown)
}

/// Tags in free text (备注): only a word that stands alone counts, since a sentence may tell of someone
/// else, or of the past.
pub fn categories_in_note(text: &str) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for token in tokens(text) {
        let word = CATEGORY_WORDS.iter().find(|(word, _)| stem(word) == stem(&token));
        codes.extend(word.into_iter().flat_map(|(_, codes)| codes.iter().copied()));
    }
    codes
}

/// The tags of a column such as 是否低保 or 残疾人, each of whose cells says yes or no.
pub fn flag(label: &str) -> Option<&'static [&'static str]> {
    let asked = label.strip_prefix("是否为").or(label.strip_prefix("是否")).unwrap_or(label);
    CATEGORY_WORDS.iter().find(|(word, _)| stem(word) == stem(asked)).map(|(_, codes)| *codes)
}

/// A category word without its ending: 低保户, 低保对象 and 低保 say the same.
fn stem(word: &str) -> &str {
    let endings = ["户", "家庭", "人员", "对象", "人"];
    endings.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

/// Yes, no, or neither.
pub fn yes_no(text: &str) -> Option<bool> {
    match half_width(text).trim().to_lowercase().as_str() {
        "是" | "有" | "1" | "√" | "✓" | "✔" | "☑" | "y" | "yes" | "true" | "对" => Some(true),
        "否" | "无" | "没有" | "不是" | "0" | "×" | "✗" | "✘" | "☐" | "x" | "n" | "no" | "false" | "-"
        | "/" | "—" => Some(false),
        _ => None,
    }
}

/// 农户 or 居民户 (S2 counts them apart).
pub fn class(text: &str) -> Option<HouseholdClass> {
    match text.replace(' ', "").as_str() {
        "农户" | "农业户" | "农业" | "农业户口" | "农村" | "农村户" | "农村居民" => {
            Some(HouseholdClass::Farm)
        }
        "居民户" | "居民" | "非农" | "非农业" | "非农业户" | "非农业户口" | "城镇" | "城镇户"
        | "城镇居民" | "城镇户口" => Some(HouseholdClass::Urban),
        _ => None,
    }
}

/// 男 or 女.
pub fn sex(text: &str) -> Option<Sex> {
    match text {
        "男" | "男性" => Some(Sex::Male),
        "女" | "女性" => Some(Sex::Female),
        _ => None,
    }
}

/// Whether 与户主关系 says that this is the head.
pub fn is_head(relation: &str) -> bool {
    matches!(relation.replace(' ', "").as_str(), "户主" | "本人" | "户主本人" | "户主(本人)" | "本人(户主)")
}

/// What 组 are compared by: 第一村民小组, 一组, １组, 01 and 1 are one group.
pub fn group_key(text: &str) -> String {
    let text = half_width(text).replace(' ', "");
    let stem = group_stem(&text);
    region::group_number(stem).map_or_else(|| stem.to_owned(), |number| number.to_string())
}

/// A numbered group gets the one name that the register uses (3 → 三组); any other stays as written.
pub fn group_label(text: &str) -> String {
    let text = clean(text).replace(' ', "");
    region::group_number(group_stem(&text)).map_or(text, region::group_name)
}

fn group_stem(text: &str) -> &str {
    let endings = ["村民小组", "村民组", "小组", "组"];
    let stem = endings.iter().find_map(|ending| text.strip_suffix(ending)).filter(|stem| !stem.is_empty());
    stem.unwrap_or(text)
}

/// Whether a text can only be the name of a group: 一组, 第3村民小组, 东庄组.
pub fn looks_like_group(text: &str) -> bool {
    let text = text.replace(' ', "");
    text.ends_with('组') && (2..=12).contains(&text.chars().count())
}

/// The words of a cell.
pub fn tokens(text: &str) -> Vec<String> {
    let separator = |c: char| {
        c.is_whitespace()
            || matches!(c, '、' | ',' | '，' | ';' | '；' | '/' | '|' | '+' | '。' | '及' | '和')
    };
    clean(text).split(separator).filter(|token| !token.is_empty()).map(str::to_owned).collect()
}

/// The tags of one token; empty if it denies what it names, `None` if it names nothing.
fn in_token(token: &str) -> Option<Vec<&'static str>> {
    let mut codes: Option<Vec<&'static str>> = None;
    for (word, tags) in CATEGORY_WORDS {
        let Some((before, _)) = token.split_once(word) else { continue };
        let codes = codes.get_or_insert_default();
        if !DENIALS.iter().any(|denial| before.ends_with(denial)) {
            codes.extend(tags.iter().filter(|code| !codes.contains(code)).copied().collect::<Vec<_>>());
        }
    }
    codes
}

fn is_ordinary(token: &str) -> bool {
    yes_no(token) == Some(false)
        || matches!(token, "一般户" | "一般农户" | "普通户" | "普通农户" | "一般" | "普通" | "正常" | "其他")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_cells_name_their_tags() {
        assert_eq!(categories("低保户").0, ["kunnan_hu"]);
        assert_eq!(categories("特困户、残疾人").0, ["tekun_hu", "canji_ren"]);
        assert_eq!(categories("养殖大户").0, ["zhongyang_dahu"]);
        assert_eq!(categories("肢体残疾二级").0, ["canji_ren"]);
        assert_eq!(categories("军属 低保"), (vec!["kunnan_hu"], vec!["军属".to_owned()]));
    }

    #[test]
    fn every_village_category_has_its_words_and_every_word_its_category() {
        for category in templates().village_categories() {
            assert!(tag_slice(&category.code).is_some(), "{}", category.name);
            assert!(!categories(&category.name).0.is_empty(), "{}", category.name);
        }
        for code in CATEGORY_WORDS.iter().flat_map(|(_, codes)| codes.iter()) {
            assert!(templates().category(code).is_some(), "{code}");
        }
    }

    #[test]
    fn denied_words_name_none() {
        for text in ["非低保户", "无残疾", "一般户", "否", "不是困难户", "已退出低保", "党员"]
        {
            assert!(categories(text).0.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_note_counts_only_words_that_stand_alone() {
        assert_eq!(categories_in_note("低保，残疾"), ["kunnan_hu", "canji_ren"]);
        assert_eq!(categories_in_note("空巢老人"), ["kongchao_laoren"]);
        assert!(categories_in_note("其父生前是老党员").is_empty());
        assert!(categories_in_note("希望评低保").is_empty());
    }

    #[test]
    fn groups_are_one_however_they_are_written() {
        for text in ["一组", "第一组", "1组", "１", "01", "第一村民小组", "一 组", "1村民组"]
        {
            assert_eq!(group_key(text), "1", "{text}");
        }
        assert_eq!((group_key("二十三组"), group_key("十组")), ("23".to_owned(), "10".to_owned()));
        assert_eq!((group_key("东庄组"), group_key("东庄")), ("东庄".to_owned(), "东庄".to_owned()));
        assert_eq!(
            (group_label(" 3 "), group_label("第3村民组"), group_label("东庄")),
            ("三组".into(), "三组".into(), "东庄".into())
        );
    }
}
