//! Names of the demo township: villages, clans, given names by generation. All invented.

use super::prng::Prng;
use lianxin_shared::domain::person::Sex;

/// The demo township's name.
pub(super) const TOWNSHIP: &str = "清溪镇";
/// Its code: prefecture 5199 does not exist.
pub(super) const TOWNSHIP_CODE: &str = "519921105000";

/// The three villages that the story is about; larger demos add others.
const VILLAGES: [&str; 3] = ["柳树沟村", "石桥村", "杨家坝村"];
const VILLAGE_FIRST: [&str; 10] =
    ["大石", "高庙", "白杨", "马家", "双柏", "红崖", "南川", "苦水", "寺台", "桃园"];
const VILLAGE_LAST: [&str; 10] =
    ["沟村", "梁村", "坪村", "岔村", "湾村", "坡村", "河村", "庄村", "堡村", "塬村"];

/// The name of the n-th village.
pub(super) fn village(n: usize) -> String {
    if let Some(name) = VILLAGES.get(n) {
        return (*name).to_owned();
    }
    let n = n - VILLAGES.len();
    let first = VILLAGE_FIRST.get(n % VILLAGE_FIRST.len()).copied().unwrap_or_default();
    let last = (n + n / VILLAGE_FIRST.len()) % VILLAGE_LAST.len();
    let last = VILLAGE_LAST.get(last).copied().unwrap_or_default();
    format!("{first}{last}")
}

/// Surnames of a village with their weights: its own clans first, then those that every village has.
fn surnames(village: usize) -> &'static [(&'static str, u32)] {
    match village % 3 {
        0 => &[("周", 30), ("李", 18), ("王", 9), ("韩", 7), ("张", 7), ("刘", 6), ("单", 3), ("杜", 3)],
        1 => &[("马", 24), ("陈", 20), ("赵", 10), ("王", 9), ("李", 6), ("曾", 4), ("𠮷", 2), ("尉迟", 2)],
        _ => &[("杨", 34), ("何", 14), ("李", 8), ("张", 7), ("覃", 5), ("仇", 4), ("解", 3), ("欧阳", 1)],
    }
}

const OTHER_SURNAMES: [&str; 24] = [
    "吴", "徐", "孙", "朱", "高", "林", "郭", "罗", "梁", "宋", "唐", "许", "邓", "冯", "程", "曹", "彭",
    "吕", "苏", "蒋", "蔡", "贾", "丁", "魏",
];

/// A surname: mostly of the village's clans.
pub(super) fn surname(prng: &mut Prng, village: usize) -> &'static str {
    if prng.chance(16) { prng.pick(&OTHER_SURNAMES) } else { prng.weighted(surnames(village)) }
}

const MEN: [&[&str]; 4] = [
    &[
        "德福", "有福", "长顺", "大牛", "永贵", "守仁", "万才", "学文", "国栋", "富贵", "占魁", "玉山",
        "兴旺", "进财", "得胜", "存厚", "世荣", "宝山", "生财", "满仓", "成章", "维汉", "有余", "天佑",
    ],
    &[
        "建国", "建军", "卫东", "志强", "国庆", "红卫", "爱民", "跃进", "建平", "保国", "新民", "永胜",
        "解放", "胜利", "向东", "援朝", "永红", "拥军", "小平", "学军", "春生", "冬生", "根生", "玉林",
    ],
    &[
        "伟", "强", "军", "涛", "鹏", "磊", "勇", "斌", "海龙", "晓东", "志鹏", "小虎", "亮", "刚", "辉",
        "永强", "文斌", "佳明", "超", "波", "建新", "海波", "鑫", "𣲘",
    ],
    &[
        "子轩", "浩然", "宇航", "梓豪", "博文", "俊杰", "天宇", "一鸣", "家乐", "晨阳", "睿", "佳豪", "嘉诚",
        "皓轩", "奕辰", "垚", "喆", "小宝",
    ],
];

const WOMEN: [&[&str]; 4] = [
    &[
        "秀兰", "桂英", "秀英", "玉梅", "凤英", "素珍", "玉兰", "翠英", "巧云", "淑芳", "菊香", "银花",
        "金莲", "兰英", "改改", "招弟", "玉莲", "秀珍", "桂香", "春兰", "彩云", "月娥", "粉英", "雪梅",
    ],
    &[
        "翠花", "红梅", "春燕", "丽华", "小玲", "冬梅", "秋菊", "爱萍", "玉霞", "建英", "彩霞", "淑琴",
        "亚琴", "秀琴", "喜梅", "桂花", "晓红", "琴", "芳", "霞", "翠萍", "红霞", "会兰", "月琴",
    ],
    &[
        "丽", "娟", "敏", "静", "婷", "艳", "娜", "燕", "雪", "倩", "晓燕", "海燕", "莉", "蓉", "小芳",
        "文静", "慧", "珍", "玲玲", "婷婷", "丹", "亚丽", "秀丽", "玥",
    ],
    &[
        "雨桐", "欣怡", "梓涵", "诗涵", "思雨", "佳怡", "可欣", "子涵", "若曦", "语嫣", "晓萌", "依诺",
        "一诺", "雅婷", "小雨", "朵朵", "㛃", "彤彤",
    ],
];

/// A given name as people of that year's generation and sex bear it.
pub(super) fn given(prng: &mut Prng, sex: Sex, birth_year: i32) -> &'static str {
    let generation = match birth_year {
        ..1953 => 0,
        1953..1978 => 1,
        1978..2002 => 2,
        _ => 3,
    };
    let banks = if sex == Sex::Male { &MEN } else { &WOMEN };
    banks.get(generation).map(|bank| prng.pick(bank)).unwrap_or_default()
}

/// People of the township's offices who come along.
pub(super) const OFFICIALS: [&str; 5] =
    ["民政办何丽", "农技站老孙", "卫生院小吴", "司法所刘正", "残联干事冯雪"];

/// Targets that are no households: kind code, name, village they belong to.
pub(super) const PLACES: [(&str, &str, usize); 9] = [
    ("school", "清溪镇中心小学", 1),
    ("school", "柳树沟教学点", 0),
    ("enterprise", "石桥砂石厂", 1),
    ("enterprise", "柳树沟养殖专业合作社", 0),
    ("enterprise", "杨家坝花椒加工坊", 2),
    ("community", "石桥移民安置点", 1),
    ("site", "杨家坝通组路工地", 2),
    ("unit", "清溪镇卫生院", 1),
    ("unit", "杨家坝村卫生室", 2),
];
