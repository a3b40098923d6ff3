//! Which village and group a row belongs to, from its cells, the sheet's name and the caller's default.

use super::table::ImportError;
use super::words;
use lianxin_shared::domain::text::{clean, half_width};
use std::collections::BTreeMap;

/// A village that rows may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Village {
    /// 12-digit code: the scope of its records.
    pub code: String,
    /// Name as the township calls it.
    pub name: String,
}

/// The villages that rows may name, and the one for rows that name none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Villages {
    by_code: BTreeMap<String, String>,
    /// Codes by every form of the name; more than one code makes a form ambiguous.
    by_name: BTreeMap<String, Vec<String>>,
    default: Option<String>,
}

impl Villages {
    /// Takes the known villages; `default` is a code or a name.
    ///
    /// # Errors
    /// The default is none of them.
    pub fn new(known: &[Village], default: Option<&str>) -> Result<Self, ImportError> {
        let mut villages = Villages::default();
        for village in known {
            villages.by_code.insert(village.code.clone(), village.name.clone());
            let codes = villages.by_name.entry(key(&village.name)).or_default();
            codes.push(village.code.clone());
        }
        if let Some(default) = default {
            let unknown = |_| ImportError::DefaultVillage { village: default.to_owned() };
            villages.default = Some(villages.find(default).map_err(unknown)?);
        }
        Ok(villages)
    }

    /// Name of a village by its code.
    pub fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.by_code.get(code).map_or(code, String::as_str)
    }

    /// The code of a village named in a cell: by code, name, or name with a township before it.
    ///
    /// # Errors
    /// Unknown or ambiguous, in words.
    pub fn find(&self, text: &str) -> Result<String, String> {
        let text = clean(text);
        if self.by_code.contains_key(&text) {
            return Ok(text);
        }
        let wanted = key(&text);
        let found = self.by_name.get(&wanted).map(Vec::as_slice).or_else(|| {
            // “曹村镇李庄村”: the longest known name that it ends with, behind the end of a larger unit.
            let ends = wanted.char_indices().filter(|(at, _)| {
                wanted
                    .get(..*at)
                    .is_some_and(|before| before.ends_with(['镇', '乡', '县', '区', '市', '道', '办']))
            });
            ends.filter_map(|(at, _)| self.by_name.get(wanted.get(at..)?)).map(Vec::as_slice).next()
        });
        match found {
            Some([code]) => Ok(code.clone()),
            Some(_) => Err(format!("有几个村都叫“{text}”，请写村的 12 位编码")),
            None => Err(format!("不认识的村“{text}”：请先在服务器上建村，或改正村名")),
        }
    }

    /// Village and group from what a row says, then from the sheet, then the default village.
    ///
    /// # Errors
    /// No village, an unknown or an ambiguous one, in words.
    pub fn place(&self, village: &str, group: &str, sheet: &SheetPlace) -> Result<(String, String), String> {
        let (in_group, group) = self.split(group);
        let named = if village.is_empty() { Ok(None) } else { self.find_with_group(village).map(Some) }?;
        let (code, village_group) = named.map_or((None, String::new()), |(code, group)| (Some(code), group));
        if let (Some(cell), Some(group_cell)) = (&code, &in_group)
            && cell != group_cell
        {
            return Err(format!("村写的是“{village}”，组别里却是“{}”", self.name(group_cell)));
        }
        let code = code.or(in_group).or_else(|| sheet.village.clone()).or_else(|| self.default.clone());
        let code = code.ok_or("没有写明是哪个村：请加“村”列，或在导入时指定默认的村")?;
        let group = [group, village_group, sheet.group.clone()].into_iter().find(|group| !group.is_empty());
        Ok((code, group.unwrap_or_default()))
    }

    /// What a sheet's name says: a village, a group, both, or nothing.
    pub fn of_sheet(&self, name: &str) -> SheetPlace {
        let name = clean(name);
        let (village, rest) = self.split(&name);
        let group = if words::looks_like_group(&rest) { words::group_label(&rest) } else { String::new() };
        SheetPlace { village: village.or_else(|| self.find(&name).ok()), group }
    }

    fn find_with_group(&self, text: &str) -> Result<(String, String), String> {
        match self.find(text) {
            Ok(code) => Ok((code, String::new())),
            Err(unknown) => match self.split(text) {
                (Some(code), group) => Ok((code, group)),
                (None, _) => Err(unknown),
            },
        }
    }

    /// “李庄村一组” is the village and its group; “一组” and “东庄” are groups.
    fn split(&self, text: &str) -> (Option<String>, String) {
        let plain = clean(text).replace(' ', "");
        for (at, _) in plain.char_indices().skip(1).collect::<Vec<_>>().into_iter().rev() {
            let Some((before, after)) = plain.split_at_checked(at) else { continue };
            if words::looks_like_group(after)
                && let Ok(code) = self.find(before)
            {
                return (Some(code), words::group_label(after));
            }
        }
        (None, words::group_label(&plain))
    }
}

/// What the name of a sheet says about all its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetPlace {
    /// Code of the village.
    pub village: Option<String>,
    /// Group, or empty.
    pub group: String,
}

/// A village's name as it is compared: 李庄, 李庄村 and 李庄村民委员会 are one.
fn key(name: &str) -> String {
    let name = half_width(name).replace(' ', "");
    let mut stem = name.as_str();
    for ending in ["村民委员会", "居民委员会", "村委会", "居委会", "社区", "村"] {
        if let Some(rest) = stem.strip_suffix(ending).filter(|rest| !rest.is_empty()) {
            stem = rest;
            break;
        }
    }
    stem.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn villages() -> Villages {
        let village = |code: &str, name: &str| Village { code: code.into(), name: name.into() };
        Villages::new(&[village("341302101201", "李庄村"), village("341302101202", "东王庄村")], None)
            .unwrap()
    }

    #[test]
    fn a_village_is_known_by_code_name_and_full_name() {
        for text in ["341302101201", "李庄村", "李庄", " 李 庄 村 ", "李庄村委会", "曹村镇李庄村"]
        {
            assert_eq!(villages().find(text).as_deref(), Ok("341302101201"), "{text}");
        }
        assert!(villages().find("王庄村").is_err(), "王庄 is not 东王庄");
        assert!(villages().find("小李庄村").is_err());
    }

    #[test]
    fn cells_come_before_the_sheet_and_the_sheet_before_the_default() {
        let mut villages = villages();
        assert!(villages.place("", "一组", &SheetPlace::default()).unwrap_err().contains("哪个村"));
        villages.default = Some("341302101202".into());
        let sheet = villages.of_sheet("李庄村 一组");
        assert_eq!(sheet, SheetPlace { village: Some("341302101201".into()), group: "一组".into() });
        let place =
            |village: &str, group: &str, sheet: &SheetPlace| villages.place(village, group, sheet).unwrap();
        let pair = |code: &str, group: &str| (code.to_owned(), group.to_owned());
        assert_eq!(place("", "", &sheet), pair("341302101201", "一组"));
        assert_eq!(place("东王庄村", "3", &sheet), pair("341302101202", "三组"));
        assert_eq!(place("", "李庄村五组", &SheetPlace::default()), pair("341302101201", "五组"));
        assert_eq!(place("", "二组", &SheetPlace::default()), pair("341302101202", "二组"));
        assert_eq!(villages.of_sheet("Sheet1"), SheetPlace::default());
        assert!(villages.place("李庄村", "东王庄村一组", &sheet).is_err());
    }
}
