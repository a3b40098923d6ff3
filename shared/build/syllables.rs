//! Reduces the readings of crate `pinyin` to one syllable without its tone per character, so that the phone app carries a
//! table of 44 KB for searching names by pinyin instead of the crate's 84 KB of readings.

use pinyin::ToPinyin;
use std::{collections::BTreeSet, env, fs, path::PathBuf};

/// The longest syllable (zhuang), thus the width of the list's entries.
const SYLLABLE_BYTES: usize = 6;

/// Writes `$OUT_DIR/syllables.txt`, all syllables in order, each filled up with blanks to [`SYLLABLE_BYTES`], and
/// `$OUT_DIR/readings.bin`: for each character of U+4E00–U+9FFF the number of its syllable from 1 on as two bytes, the
/// lower first; 0 where no reading is known.
pub fn write() {
    let read: Vec<Option<String>> = ('\u{4E00}'..='\u{9FFF}').map(syllable).collect();
    let all: BTreeSet<&String> = read.iter().flatten().collect();
    let list: Vec<&String> = all.into_iter().collect();
    let number = |one: &String| list.binary_search(&one).map_or(0, |at| at + 1);
    let numbers = read.iter().map(|one| u16::try_from(one.as_ref().map_or(0, number)).unwrap_or_default());
    let text: String = list.iter().map(|one| format!("{one:<SYLLABLE_BYTES$}")).collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_else(|| panic!("cargo sets OUT_DIR")));
    let keep = |name: &str, bytes: Vec<u8>| {
        fs::write(out.join(name), bytes).unwrap_or_else(|e| panic!("write {name}: {e}"));
    };
    keep("syllables.txt", text.into_bytes());
    keep("readings.bin", numbers.flat_map(u16::to_le_bytes).collect());
}

/// As it is typed: without a tone, ü as v.
fn syllable(c: char) -> Option<String> {
    let plain = c.to_pinyin()?.plain().replace('ü', "v");
    (plain.bytes().all(|b| b.is_ascii_lowercase()) && plain.len() <= SYLLABLE_BYTES).then_some(plain)
}
