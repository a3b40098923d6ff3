//! What a visit to a household of the demo township finds: answers that fit its checklists, notes, words.

use super::{pages, people::Home, prng::Prng, voices};
use lianxin_shared::{
    domain::{
        category::GENERAL,
        checklist::{AnswerKind, Item},
        opinion::OpinionKind,
    },
    replica::{FieldSet, Value},
    templates::templates,
};
use std::collections::{BTreeMap, BTreeSet};

/// How often an item's untroubled option is answered, per cent.
const UNTROUBLED: u64 = 74;
/// How often an item that may be left out is answered, per cent.
const OPTIONAL_ANSWERED: u64 = 85;

/// The checklists of a household as `category → version`.
pub(super) fn checklists(home: &Home) -> BTreeMap<String, i64> {
    templates().versions_for(home.tags.iter().copied())
}

/// Answers to those checklists. What a household answers stays the same from visit to visit but for a few
/// items, as in life. `later` is the day of the next appointment.
pub(super) fn answers(
    seed: u64,
    number: u64,
    nth: u64,
    home: &Home,
    lists: &BTreeMap<String, i64>,
    later: &str,
) -> FieldSet {
    let mut answers = FieldSet::new();
    for item in templates().items_of(lists) {
        let asked = item.show_if.as_ref().is_none_or(|show_if| {
            templates()
                .item(&show_if.item)
                .is_some_and(|earlier| earlier.is_picked(&show_if.equals, &answers))
        });
        let mut steady = Prng::of(seed, &item.id, number);
        let changed = nth > 0 && Prng::of(seed, &item.id, number + (nth << 32)).chance(8);
        if changed {
            steady = Prng::of(seed, &item.id, number + (nth << 32) + (1 << 48));
        }
        // What people say is an opinion, and no answer of the visit.
        if asked && !item.is_opinion && (item.required || steady.chance(OPTIONAL_ANSWERED)) {
            answer(&mut steady, &item, home, later, &mut answers);
        }
    }
    answers
}

fn answer(prng: &mut Prng, item: &Item, home: &Home, later: &str, answers: &mut FieldSet) {
    let codes: Vec<&str> = item.options.iter().map(|option| option.code.as_str()).collect();
    match item.kind {
        AnswerKind::YesNo | AnswerKind::Choice => {
            let calm = prng.chance(UNTROUBLED);
            if item.id == "school_burden" && !home.has_pupil {
                answers.extend([item.pick("none")]);
                return;
            }
            let code = if calm { codes.first().copied() } else { None };
            answers.extend([item.pick(code.unwrap_or_else(|| prng.pick(&codes)))]);
        }
        AnswerKind::Several => {
            let several = if prng.chance(30) { 2 } else { 1 };
            // “Nobody” beside somebody would contradict itself, so it is picked alone.
            let picks: BTreeSet<&str> = (0..several).map(|_| prng.pick(&codes)).collect();
            let alone = picks.iter().find(|code| matches!(**code, "none" | "cannot"));
            match alone {
                Some(code) => answers.extend([item.pick(code)]),
                None => answers.extend(picks.iter().map(|code| item.pick(code))),
            }
        }
        AnswerKind::Number => drop(answers.insert(item.field(), number(prng, &item.id, home))),
        AnswerKind::Date => {
            let (year, month, day) = (prng.between(2019, 2023), prng.between(1, 12), prng.between(1, 28));
            let past = format!("{year}-{month:02}-{day:02}");
            let date = if item.id == "petition_next" { later.to_owned() } else { past };
            answers.insert(item.field(), Value::from(date));
        }
        AnswerKind::Text => {
            let words = text(prng, &item.id);
            if !words.is_empty() {
                answers.insert(item.field(), Value::from(words));
            }
        }
    }
}

fn number(prng: &mut Prng, item: &str, home: &Home) -> Value {
    let big = home.tags.contains("zhongyang_dahu");
    let half = |prng: &mut Prng, low: i64, high: i64| match (prng.between(low, high), prng.chance(50)) {
        (whole, true) => Value::from(format!("{whole}.5")),
        (whole, false) => Value::Int(whole),
    };
    match item {
        "dibao_amount" => Value::Int(prng.between(38, 76) * 10),
        "income_year" if home.tags.contains("kunnan_hu") => Value::Int(prng.between(12, 56) * 500),
        "income_year" => Value::Int(prng.between(14, 190) * 500),
        "labour" => Value::Int(prng.between(0, i64::try_from(home.members.len()).unwrap_or(2).min(4))),
        "petition_times" => Value::Int(prng.between(1, 11)),
        "farm_area" if big => half(prng, 60, 320),
        "farm_area" => half(prng, 3, 42),
        "stock" if big => Value::Int(prng.between(80, 900)),
        "stock" => Value::Int(prng.between(2, 120)),
        "loan_amount" => half(prng, 2, 30),
        "lead_households" => Value::Int(prng.between(1, 26)),
        "party_year" => Value::Int(prng.between(1966, 1998)),
        _ => Value::Int(prng.between(1, 5)),
    }
}

fn text(prng: &mut Prng, item: &str) -> String {
    let bank: &[&str] = match item {
        "emergency_contact" => {
            let who = prng.pick(&["侄子", "女儿", "邻居", "外甥", "堂弟", "儿媳"]);
            let name = prng.pick(&["周大强", "马晓燕", "陈志刚", "杨海波", "李红霞", "何建平", "赵永强"]);
            return format!(
                "{who}{name} {}",
                super::people::phone(super::people::NUMBERS_MAX + prng.below(90_000))
            );
        }
        "petition_text" => &[
            "修路占了三分地，说按二分算的，少给了钱，要一个说法。",
            "宅基地让邻家盖房压了一米，村里量过两回，结果不一样。",
            "原来在乡办厂干了十一年，厂子卖了，工龄不认。",
            "儿子工伤，老板跑了，判了八万，一分没执行到。",
            "退耕的补助八年前停了一年，说补，没补。",
        ],
        "petition_reply_text" => {
            &["说情况属实，正在协调。", "书面写的是不符合条件，没写为什么。", "让等新政策下来再说。"]
        }
        "petition_wish" => {
            &["把地重新量一回，当着两家的面。", "给个准日子，哪天办、谁来办。", "把欠的钱补上，我就不跑了。"]
        }
        "help_wanted" => &[
            "看病的钱，想问大病救助怎么办。",
            "给娃找个近处的活。",
            "屋顶漏雨，想赶在下雪前补上。",
            "想贷两万块买牛。",
            "门口的路铺几车沙子就行。",
            "帮着卖一卖洋芋。",
            "电线换一换，老了。",
        ],
        "cadre_style_words" | "people_words" => &[
            "开会少念文件，多到地里走走。",
            "答应的事给个准话，办不成也说一声。",
            "账按季度贴出来，贴在路口。",
            "找人办事不要让我们跑三趟。",
            "年轻干部说话要慢一些，我们听不懂新名词。",
            "公益岗轮着干，不要老是那几家。",
        ],
        "fees_words" => &["拉线的师傅要烟，不给就说没空。", "年检多收了六十，没给票。"],
        "licence_missing" => &["健康证，镇上办不了，要去县里。", "食品经营的证，说要改操作间。"],
        "former_post" => {
            &["村会计，干了二十二年。", "镇水管站，退的时候是站长。", "大队支书，包产到户那几年。"]
        }
        "device_wanted" => &["轮椅，要窄一点，门只有七十公分。", "助听器。", "腋下拐一副。"],
        "former_unit" => &["县水泥厂。", "镇农机修造厂。", "县棉纺厂三车间。", "供销社。"],
        "job_want" => &["看大门、打扫都行，离家近。", "原来是电工，想干老本行。", "厨房帮工。"],
        "parents_where" | "children_where" => &[
            "苏州电子厂",
            "西安工地上",
            "新疆摘棉花，完了去库尔勒",
            "成都送外卖",
            "县城租房打工",
            "宁波服装厂",
        ],
        "school_trouble" => &["冬天路滑，赶不上车。", "身体不好，常去看病。", "说不想去，问了不说。"],
        _ => &[],
    };
    prng.pick(bank).to_owned()
}

/// 走访笔录: two to four sentences, those of the household's categories first.
pub(super) fn notes(prng: &mut Prng, home: &Home) -> String {
    let own: Vec<&str> = home.tags.iter().copied().collect();
    let category = if own.is_empty() { GENERAL } else { prng.pick(&own) };
    let mut sentences = vec![prng.pick(pages::notes_of(category))];
    for _ in 0..prng.between(1, 2) {
        let next = prng.pick(pages::NOTES_CLOSING);
        if !sentences.contains(&next) {
            sentences.push(next);
        }
    }
    sentences.concat()
}

/// One thing said at a visit.
pub(super) struct Said {
    /// Topic code.
    pub topic: &'static str,
    pub kind: OpinionKind,
    pub text: String,
}

/// Deals the sentences of each topic in turn, so that none returns before the others were said.
#[derive(Debug, Clone)]
pub(super) struct Voices {
    next: BTreeMap<&'static str, usize>,
}

impl Voices {
    /// Every topic begins somewhere else at another seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut prng = Prng::of(seed, "voices", 0);
        let start = |prng: &mut Prng| usize::try_from(prng.below(64)).unwrap_or(0);
        Voices { next: voices::VOICES.iter().map(|(topic, ..)| (*topic, start(&mut prng))).collect() }
    }

    /// What somebody of this household says next.
    pub(super) fn say(&mut self, prng: &mut Prng, home: &Home) -> Said {
        let own: Vec<&str> = home.tags.iter().flat_map(|code| voices::topics_of(code)).copied().collect();
        let weights: Vec<_> = voices::VOICES.iter().map(|(topic, weight, _)| (*topic, *weight)).collect();
        let topic =
            if !own.is_empty() && prng.chance(60) { prng.pick(&own) } else { prng.weighted(&weights) };
        let bank = voices::VOICES.iter().find(|(code, ..)| *code == topic).map_or(&[][..], |(.., bank)| bank);
        let turn = self.next.entry(topic).or_default();
        *turn += 1;
        let said = turn.checked_rem(bank.len()).and_then(|i| bank.get(i)).copied();
        let (kind, text) = said.unwrap_or_default();
        Said { topic, kind, text: text.replace("{g}", &home.household.group) }
    }
}
