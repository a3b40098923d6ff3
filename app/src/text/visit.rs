//! The words of 走访.

pub(crate) const START: &str = "走访谁？";
pub(crate) const NOBODY_YET: &str = "还没有走访过的户。写姓名或拼音首字母，找到就能开始。";
pub(crate) const IN_FUTURE: &str = "走访时间晚于现在，请核对日期和时间。";
pub(crate) const NOTES_LONG: &str = "走访笔录太长了，请缩短；写的都在。";
pub(crate) const RECENT: &str = "最近走过的";
pub(crate) const DRAFTS: &str = "没写完的";
pub(crate) const OTHER: &str = "社区、企业、学校、工地、单位";
pub(crate) const OTHER_TITLE: &str = "走访别处";
pub(crate) const KIND: &str = "去的是";
pub(crate) const NAME: &str = "名称";
pub(crate) const NAME_HINT: &str = "如：清溪镇中心小学";
pub(crate) const BEGIN: &str = "开始走访";
pub(crate) const NAME_WANTED: &str = "请先写上名称。";
pub(crate) const VILLAGE_WANTED: &str = "请先点是在哪个村。";
/// “同去：老周、阿香”
pub(crate) fn along(names: &str) -> String {
    format!("同去：{names}")
}
/// “问的是 周桂芳（老党员）、李小满（留守儿童）”; empty for nobody.
pub(crate) fn about(whom: &[(&Vec<String>, &str)]) -> String {
    let each: Vec<String> =
        whom.iter().map(|(names, category)| format!("{}（{category}）", names.join("、"))).collect();
    if each.is_empty() { String::new() } else { format!("问的是 {}", each.join("、")) }
}
/// “被走访：周秀兰”
pub(crate) fn visited_name(name: &str) -> String {
    format!("被走访：{name}")
}
/// “第2步/共3步”
pub(crate) fn step_of(step: usize, all: usize) -> String {
    format!("第{step}步/共{all}步")
}
pub(crate) const STEPS: &str = "走访步骤";
pub(crate) const STEP_NAMES: [&str; 3] = ["清单", "原话、照片", "看一遍"];
pub(crate) const HOW: &str = "怎么走的";
pub(crate) const MODE: &str = "走访方式";
pub(crate) const TIME: &str = "走访时间";
pub(crate) const COMPANIONS: &str = "同去的人";
pub(crate) const COMPANIONS_HINT: &str = "如：老周、阿香";
pub(crate) const COMPANIONS_MANY: &str = "随行已超过 3 人。轻车简从，是不是都要记上？";
pub(crate) const ALONE: &str = "独自";
pub(crate) const ABSENT: &str = "无人在家";
pub(crate) const ABSENT_ANSWERED: &str = "没见到人，不算到过；清单里已经答的不报，关掉这一项就还在。";
pub(crate) const ABSENT_HINT: &str = "没见到人，不算到过，这一户仍在未到里。";
pub(crate) const SAME: &str = "同上次";
pub(crate) const IS_SAME: &str = "和上次一样";
pub(crate) const SAME_ALL: &str = "全部同上次";
pub(crate) const SEVERAL: &str = "可多选";
pub(crate) const MUST_ANSWER: &str = "必答";
pub(crate) const ERASED: &str = "已由乡镇走访办依法抹去，不用再填。";
/// Of a draft.
pub(crate) const HOUSEHOLD_ERASED: &str = "这一户已由乡镇走访办依法抹去。您写的都在：可以接着写完、报给乡镇，户主的姓名不会带上；不用报了，到最后一步删掉这份草稿。";
pub(crate) const NO_LIST: &str = "这里没有清单要问，直接记他们说的话。";
pub(crate) const BACK: &str = "上一步";
pub(crate) const TO_WORDS: &str = "下一步：记原话";
pub(crate) const TO_REVIEW: &str = "下一步：看一遍";
pub(crate) const WORDS: &str = "他们怎么说的";
pub(crate) const WORDS_HINT: &str = "照原话写，一条一件事。没有意见也可以不写。";
pub(crate) const OPINION: &str = "原话";
pub(crate) const OPINION_HINT: &str = "“上回来的人说给换电褥子……”";
pub(crate) const OPINION_KIND: &str = "是什么";
pub(crate) const MORE: &str = "分类、立行立改、不留姓名";
pub(crate) const TOPIC: &str = "分类（可以不选）";
pub(crate) const IMMEDIATE: &str = "立行立改";
pub(crate) const IMMEDIATE_HINT: &str = "当场或随后就办了的，打开。";
pub(crate) const ANONYMOUS: &str = "不留姓名";
pub(crate) const ANONYMOUS_HINT: &str = "乡镇的办公台、台账和导出里，看不到是谁说的、哪一户、哪次走访，只有村和月份。您和本村干部的手机上，这次走访里仍看得到这句话。";
pub(crate) const ADD: &str = "再记一条";
pub(crate) const REMOVE: &str = "删掉这一条";
pub(crate) const REMOVE_SURE: &str = "这一条写的字会没有了。";
pub(crate) const KEEP: &str = "留着";
pub(crate) const REVIEW_ANSWERS: &str = "清单";
pub(crate) const REVIEW_WORDS: &str = "原话";
pub(crate) const NO_WORDS: &str = "没有记原话";
pub(crate) const NO_ANSWERS: &str = "清单一项也没有答";
pub(crate) const NOTES: &str = "走访笔录（可以不写）";
pub(crate) const RECORD_NOTES: &str = "走访笔录";
pub(crate) const NOTES_HINT: &str = "还看到什么、答应了什么";
pub(crate) const CARD: &str = "联系卡已留";
pub(crate) const CHANGE: &str = "改";
pub(crate) const FINISH: &str = "完成";
pub(crate) const PHOTOS_FIRST: &str = "照片还在存…";
pub(crate) const FINISHING: &str = "正在存…";
pub(crate) const MENDS: &str = "还差这几处";
pub(crate) const DONE: &str = "走访已存本机";
pub(crate) const AMENDED: &str = "更正已存本机";
pub(crate) const AMEND: &str = "更正、补充";
pub(crate) const AMEND_GO_ON: &str = "接着更正";
pub(crate) const AMEND_FINISH: &str = "完成更正";
pub(crate) const AMEND_HINT: &str = "改哪里，点哪里的“改”。原来写的乡镇都留着，看得到是谁、什么时候改的。";
pub(crate) const AMEND_DISCARD: &str = "不改了";
pub(crate) const AMEND_DISCARD_SURE: &str = "这次改的会删掉，原来的走访记录不动。";
pub(crate) const AMEND_DISCARD_YES: &str = "不要这次更正";
pub(crate) const SAID: &str = "上次记的原话";
pub(crate) const SAID_HINT: &str =
    "照原话留着，不改；是什么、分类、不留姓名可以改。说错了、又说了别的，在下面再记一条。";
pub(crate) const ALL_FILLED: &str = "补好了，看一遍";
pub(crate) const CHANGED: &str = "改好了，看一遍";
pub(crate) const DISCARD: &str = "不要这份草稿";
pub(crate) const DISCARD_SURE: &str = "草稿里写的会全部删掉，找不回来。";
pub(crate) const DISCARD_YES: &str = "删掉草稿";
/// Of a draft in a village that is not this cadre's any more.
pub(crate) const WITHDRAWN: &str = "这个村已不分给您。草稿都在，可以接着写完、报给乡镇，由走访办看过再收；写完这份草稿后，这个村的户册会从本机移走。";
/// An opinion of so many characters.
pub(crate) fn too_long(chars: usize, chars_max: usize) -> String {
    format!("写了 {chars} 个字，一条最多 {chars_max} 个，请缩短，或另起一条；现在这样也存在本机。")
}
pub(crate) const GONE: &str = "这次走访已经完成，或草稿已删掉";
pub(crate) const GONE_HINT: &str = "已完成的走访在那一户的页上。";
pub(crate) const SEE_RECORD: &str = "看这次走访";
pub(crate) const RECORD: &str = "走访记录";
pub(crate) const VISITOR: &str = "走访人";
pub(crate) const WHEN: &str = "时间";
pub(crate) const YES: &str = "是";

/// “走访 · 周秀兰”
pub(crate) fn title(name: &str) -> String {
    format!("走访 · {name}")
}
pub(crate) fn last_time(answer: &str) -> String {
    format!("上次：{answer}")
}
pub(crate) fn repeat(day: &str, count: usize) -> String {
    format!("上次 {day} 来过，{count} 项可照上次")
}
pub(crate) fn nth(number: usize) -> String {
    format!("第 {number} 条")
}
pub(crate) fn to_mend(count: usize) -> String {
    format!("去补（{count} 处）")
}
/// The way to the next place where something is missing.
pub(crate) fn next_gap(left: usize) -> String {
    format!("下一处（还差 {left} 处）")
}
/// “更正 · 周秀兰”
pub(crate) fn amend_title(name: &str) -> String {
    format!("更正 · {name}")
}
/// What was just done, while it is on its way.
pub(crate) fn on_its_way(done: &str) -> String {
    format!("{done}，有网自动上报。")
}
/// The same, once the township has it.
pub(crate) fn received(done: &str) -> String {
    format!("{done}，乡镇已收到。")
}
/// The same, kept apart for checking.
pub(crate) fn held(done: &str) -> String {
    format!("{done}；乡镇先暂存待核，缘故在“我的”里。")
}
/// Why a visit counts no more.
pub(crate) fn void_because(reason: &str) -> String {
    format!("作废的缘故：{reason}。内容都还在，不计入走访。")
}
