//! Every word that a screen says, in one place, so that another language (藏文、彝文、维文) can be added.
//! Domain labels (类别、清单、走访方式) come from the shared templates.
//!
//! The screens carry stable `data-testid`s; a browser test finds by them:
//! - everywhere: `state-line`, `tab-today|households|visit|diary|mine`, `back`, `save-mark` (its `data-state` is
//!   saving, saved or failed), `note-done`, `failed` with `retry`, `empty`, `place` (where a record is);
//! - first start: `enrol`, `enrol-at` (browser) or `enrol-server` (native), `enrol-code`, `enrol-go`, `enrol-error`,
//!   `enrol-elsewhere`, `enrol-open`, `enrol-here`; `other-tab`, `take-over`, `trouble`, `locked` with `locked-photos`, `enrol-again`;
//! - 今日: `today`, `must-left`, `must-all`, `draft-row`, `conflicts-row`, `held-row`, `diary-row`, `loud-reminder`;
//! - 户册: `households`, `household-row`, `last-visit`, `found-by`, `search`, `search-clear`, `chip-all|left|<category>`, `more`,
//!   `household-add`; a household: `household`, `go-visit`, `edit-household`, `add-person`, `person-row`,
//!   `timeline-row`; `go-visit-again` with `twice`, `twice-see`, `twice-go`; a form: `f-<field>` (with `f-<field>-<code>` where one is tapped), `tag-<category>`,
//!   `village-<code>`, `remark`, `twin` with `twin-see`, `done`;
//! - 走访: `visit-start`, `visit-other`, `visit-kind-<kind>`, `visit-name`, `visit-begin`; steps `visit-step-0|1|2`,
//!   `step-next`, `step-back`, `how`, `mode-<code>`, `occurred`, `companions`, `absent`, `repeat-all`, `q-<item>`,
//!   `q-<item>-answer` or `q-<item>-answer-<option>`, `q-<item>-same`, `opinion-<n>`, `opinion-<n>-kind-<kind>`,
//!   `opinion-<n>-more`, `opinion-<n>-immediate|anonymous`, `topic-<code>`, `opinion-add`, `problems`, `mend`,
//!   `next-gap`, `to-review`, `withdrawn`, `change-how|answers|words`, `visit-notes`, `card-left`, `discard`, `discard-yes`, `finish`; a completed visit: `visited`,
//!   `amend`; what it said before, in its correction: `said`;
//! - 照片: `photos` (where they are edited), `photo-camera`, `photo-album`, `photo-progress`, `photo-hint`, `photo-trouble`, `photo`,
//!   `thumb`, `photo-caption`, `photo-open`, `photo-remove`, `photo-removed`, `photo-back`, `photos-lacking`,
//!   `photos-refused`, `photos-on-their-way`, `photos-unseen` with `photos-seen`; one whole: `photo-page`, `photo-whole`, `photo-place`;
//! - 修改记录: `history-open`, `history`, `history-change`, `history-of`;
//! - 手记: `diary`, `diary-text`, `diary-day`;
//! - 我的: `mine`, `leaving`, `count-saved|waiting|received|held|refused`, `waiting-what`, `sync-now`, `sync-said`, `offline-hint`, `sync-problem`, `outbox`, `held`, `refused`, `held-elsewhere`,
//!   `font-standard|large|extra`, `look-system|light|dark`, `storage`, `update`, `update-now`; `conflict`, `conflict-shown`, `conflict-other`.

pub(crate) mod clock;
pub(crate) mod count;
pub(crate) mod enrol;
pub(crate) mod history;
pub(crate) mod mine;
pub(crate) mod photo;
pub(crate) mod visit;

/// The app's name, on the native window.
#[cfg(feature = "desktop")]
pub(crate) const APP: &str = "连心册";
pub(crate) const BACK: &str = "返回上一步";
pub(crate) const OPENING: &str = "正在打开…";
pub(crate) const RETRY: &str = "重试";
pub(crate) const SAVING: &str = "正在存…";
pub(crate) const SAVED: &str = "已存";
pub(crate) const NOT_SAVED: &str = "没存上";
pub(crate) const NAMELESS: &str = "没填户主";
pub(crate) const NAMELESS_BADGE: &str = "户";
pub(crate) const NOT_VISITED: &str = "未到";
pub(crate) const NEVER_VISITED: &str = "还没走访到";
pub(crate) const EMPTIED: &str = "（空白）";
pub(crate) const TAKE_THIS: &str = "用这个";
pub(crate) const CONFLICT_HINT: &str = "两边写的都还在。点哪个，就用哪个。";
pub(crate) const ALL: &str = "全部";

/// Between two facts of a line; it never begins the next line.
const DOT: &str = "\u{a0}· ";

/// “4 人”, of which no line's end makes two.
fn counted(count: u32, unit: &str) -> String {
    format!("{count}\u{a0}{unit}")
}
/// “柳树沟 三组 17号 · 4 人”
pub(crate) fn with_people(place: &str, people: u32) -> String {
    let people = counted(people, "人");
    if place.is_empty() { people } else { format!("{place}{DOT}{people}") }
}
/// “柳树沟 三组 · 上次 9月3日”
pub(crate) fn last_visit_at(place: &str, day: &str) -> String {
    format!("{place}{DOT}上次 {day}")
}
/// “柳树沟 三组 · 还没走访到”
pub(crate) fn never_visited_at(place: &str) -> String {
    format!("{place}{DOT}{NEVER_VISITED}")
}
/// “上次 11-20”, at a line's edge.
pub(crate) fn last_visit(day: &str) -> String {
    format!("上次\u{a0}{day}")
}
/// “李翠花的电话，两个人写得不一样”
pub(crate) fn two_wrote(title: &str, field: &str) -> String {
    format!("{title}的{field}，两个人写得不一样")
}
/// “老周 昨天 09:10 写”
pub(crate) fn written_by(who: &str, when: &str) -> String {
    format!("{who} {when} 写：")
}

/// The state line.
pub(crate) mod line {
    pub(crate) const OFFLINE: &str = "离线可用";
    pub(crate) const RUNNING: &str = "正在同步";
    pub(crate) const STOPPED: &str = "同步停了";
    pub(crate) const SEE_WHY: &str = "写的都在本机，点这里看怎么办";
    pub(crate) const ALL_SENT: &str = "已全部上报";
    pub(crate) const ONLINE: &str = "已连上网";
    pub(crate) const SOON: &str = "已存本机，马上就传";
    pub(crate) const NEVER: &str = "还没有同步过";

    pub(crate) fn progress(sent: u32, total: u32) -> String {
        if total == 0 { "正在核对".to_owned() } else { format!("{sent}/{total}") }
    }
    pub(crate) fn waiting_here(what: &str) -> String {
        format!("已存本机，待上报 {what}")
    }
    pub(crate) fn waiting(what: &str) -> String {
        format!("待上报 {what}")
    }
    pub(crate) fn received_at(time: &str) -> String {
        format!("乡镇 {time} 收到")
    }
    pub(crate) fn sent_until(time: &str) -> String {
        format!("到 {time} 的都已上报")
    }
}

/// The tabs.
pub(crate) mod tab {
    pub(crate) const ALL: &str = "主要页面";
    pub(crate) const TODAY: &str = "今日";
    pub(crate) const HOUSEHOLDS: &str = "户册";
    pub(crate) const VISIT: &str = "走访";
    pub(crate) const DIARY: &str = "手记";
    pub(crate) const MINE: &str = "我的";
}

/// 今日
pub(crate) mod today {
    pub(crate) const LEFT: &str = "户必访还没到";
    pub(crate) const NONE_LEFT: &str = "必访的户都到过了";
    pub(crate) const NO_MUST: &str = "本村现在没有必访户";
    pub(crate) const NO_MUST_HINT: &str =
        "在户册里给户或成员标上类别（老党员、残疾人……），要走的户就列在这里。";
    pub(crate) const FIRST: &str = "正在把本村的户册下到手机里";
    pub(crate) const FIRST_HINT: &str = "有网的话一会儿就好；没有网就先记着，连上网会自己下。";
    pub(crate) const MUST: &str = "必访未到";
    pub(crate) const DRAFTS: &str = "没写完的走访";
    pub(crate) const DIARY: &str = "今天的手记";
    pub(crate) const DIARY_NOT_BEGUN: &str = "还没动笔";
    pub(crate) const LOOK: &str = "要您看一眼";
    pub(crate) const LOOK_UNDER: &str = "两边写的都还在，点一下选定";
    pub(crate) const LOUD: &str = "有记录一天多没报上去";
    pub(crate) const LOUD_GO: &str = "现在同步";
    pub(crate) const BADGE_DRAFT: &str = "续";
    pub(crate) const BADGE_AMEND: &str = "改";
    pub(crate) const BADGE_DIARY: &str = "记";
    pub(crate) const BADGE_CONFLICT: &str = "异";
    pub(crate) const BADGE_HELD: &str = "核";
    pub(crate) const HELD_UNDER: &str = "乡镇都收着，还没进台账，点开看原因";

    pub(crate) fn all_left(left: u32) -> String {
        format!("全部\u{a0}{}", super::counted(left, "户"))
    }
    pub(crate) fn progress(done: u32, all: u32) -> String {
        format!("必访 {}，已到 {}", super::counted(all, "户"), super::counted(done, "户"))
    }
    /// The same with the campaign's name, if there is one.
    pub(crate) fn progress_in(campaign: &str, done: u32, all: u32) -> String {
        let progress = progress(done, all);
        if campaign.is_empty() { progress } else { format!("{campaign}：{progress}") }
    }
    pub(crate) fn draft_under(when: &str, amends: bool) -> String {
        if amends {
            format!("更正，{when} 改到一半，都存着")
        } else {
            format!("{when} 写到一半，都存着")
        }
    }
    pub(crate) fn walked(walked: crate::store::Walked) -> String {
        super::count::walked("今天", walked).unwrap_or_else(|| "今天还没有走访".to_owned())
    }
    pub(crate) fn conflicts(count: u32) -> String {
        format!("{count} 处写得不一样")
    }
    pub(crate) fn held(count: u32) -> String {
        format!("{count} 条要乡镇核一下")
    }
    pub(crate) fn loud_words(what: &str, since: &str) -> String {
        format!(
            "{what}从 {since} 起只存在这部手机上。手机清理软件可能清掉浏览器资料：请连上网，点“现在同步”；报上去之前不要清理浏览器、不要卸载。"
        )
    }
}

/// 户册
pub(crate) mod register {
    pub(crate) const SEARCH: &str = "找户：姓名、拼音、门牌、电话";
    pub(crate) const SEARCH_HINT: &str = "姓名、拼音、门牌、电话";
    pub(crate) const CLEAR: &str = "清空";
    pub(crate) const ADD: &str = "添一户";
    pub(crate) const LEFT: &str = "未到";
    pub(crate) const OFF_REGISTER: &str = "不在册";
    pub(crate) const NOTHING: &str = "没有找到";
    pub(crate) const NOTHING_HINT: &str =
        "换个字、只写姓，或写拼音（周秀兰 → zhouxiulan、zxl）再试；真没有这户，就添上。";
    pub(crate) const NO_HOUSEHOLDS: &str = "这部手机上还没有户";
    pub(crate) const NO_HOUSEHOLDS_HINT: &str = "连上网同步一次，乡镇导入的户就到了；也可以现在就添。";
    pub(crate) const FILTER: &str = "按类别看";

    /// “家人 王小明”
    pub(crate) fn found_by(by: &crate::store::FoundBy) -> String {
        use crate::store::FoundBy;
        match by {
            FoundBy::Phone(phone) => format!("电话 {phone}"),
            FoundBy::Member(name) => format!("家人 {name}"),
            FoundBy::MemberPhone { name, phone } => format!("家人 {name} 电话 {phone}"),
        }
    }
    pub(crate) fn more(left: u32) -> String {
        format!("再显示一些（还有 {left} 户）")
    }
    pub(crate) fn found(total: u32) -> String {
        format!("找到 {total} 户")
    }
}

/// A household's page and the forms.
pub(crate) mod household {
    pub(crate) const EDIT: &str = "改资料";
    pub(crate) const GO: &str = "去走访";
    pub(crate) const GO_ON: &str = "接着写走访";
    pub(crate) const GO_TWICE: &str = "今天再走访一次";
    pub(crate) const TWICE: &str = "今天已走访，再记一次？";
    pub(crate) const TWICE_HINT: &str = "要改今天写的，点“看今天那次”，里面可以更正、补充。";
    pub(crate) const TWICE_YES: &str = "再记一次";
    pub(crate) const TWICE_SEE: &str = "看今天那次";
    pub(crate) const MEMBERS: &str = "家里人";
    pub(crate) const ADD_MEMBER: &str = "添一人";
    pub(crate) const NAMELESS_MEMBER: &str = "没填姓名";
    pub(crate) const NO_MEMBERS: &str = "还没有写家里人";
    pub(crate) const TIMELINE: &str = "走访";
    pub(crate) const NO_VISITS: &str = "还没有走访过";
    pub(crate) const NO_VISITS_HINT: &str = "第一次上门，从“去走访”开始。";
    pub(crate) const ABSENT: &str = "无人在家";
    pub(crate) const VOID: &str = "已作废";
    pub(crate) const NEW_TITLE: &str = "添一户";
    pub(crate) const EDIT_TITLE: &str = "户的资料";
    pub(crate) const NEW_PERSON: &str = "添一人";
    pub(crate) const EDIT_PERSON: &str = "家里人的资料";
    pub(crate) const VILLAGE: &str = "哪个村";
    pub(crate) const HEAD: &str = "户主";
    pub(crate) const GROUP: &str = "组";
    pub(crate) const DOOR: &str = "门牌";
    pub(crate) const PHONE: &str = "电话";
    pub(crate) const POPULATION: &str = "家里几口人";
    pub(crate) const PEOPLE: &str = "人";
    pub(crate) const ADDRESS: &str = "住址";
    pub(crate) const NOTE: &str = "备注";
    pub(crate) const STATE: &str = "现在情况";
    pub(crate) const CLASS: &str = "户类型";
    pub(crate) const TAGS: &str = "类别";
    pub(crate) const TAGS_HINT: &str = "是就点上，可以选几样；走访时按类别问。";
    pub(crate) const TAGS_OF_PERSONS: &str =
        "老党员、残疾人、孤寡老人这样说的是某个人，存下这一户后，在“添一人”里点。";
    pub(crate) const NAME: &str = "姓名";
    pub(crate) const RELATION: &str = "与户主关系";
    pub(crate) const RELATION_HINT: &str = "配偶、子女、父母……";
    pub(crate) const SEX: &str = "性别";
    pub(crate) const BIRTH: &str = "出生日期";
    pub(crate) const AUTOSAVED: &str = "边写边存，写完点“写好了”。";
    pub(crate) const BEGIN_HINT: &str = "写上户主姓名（或住址）就存下这一户。";
    pub(crate) const BEGIN_PERSON_HINT: &str = "写上姓名就存下这个人。";
    pub(crate) const DONE: &str = "写好了";
    pub(crate) const PHONE_ODD: &str = "位数不像电话号码，请再看一眼；照这样也存着。";
    pub(crate) const NUMBER_WANTED: &str = "这里要填 0 到 99 的数字。";
    pub(crate) const GROUP_HINT: &str = "如：三组";
    pub(crate) const DOOR_HINT: &str = "如：17号";

    pub(crate) const TWIN_SEE: &str = "看册里那一户";
    /// “册里已有周秀兰（三组 17号）……”
    pub(crate) fn twin(row: &crate::store::HouseholdRow) -> String {
        let place: Vec<&str> =
            [row.group.as_str(), row.door.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
        let place = if place.is_empty() { String::new() } else { format!("（{}）", place.join(" ")) };
        format!(
            "册里已有{}{place}。要是同一户，就在那一户里写，这一户请乡镇走访办并过去；同名的两户，接着写就行。",
            row.head
        )
    }
    pub(crate) fn years(age: u32) -> String {
        super::counted(age, "岁")
    }
}

/// Where a record is.
pub(crate) mod place {
    pub(crate) const WAITING: &str = "已存本机";
    pub(crate) const RECEIVED: &str = "乡镇已收到";
    pub(crate) const HELD: &str = "乡镇暂存待核";
}

/// 手记
pub(crate) mod diary {
    pub(crate) const HINT: &str = "今天走了哪几户，听到什么，自己怎么想……";
    pub(crate) const BEFORE: &str = "前些天";
    pub(crate) const NONE_BEFORE: &str = "前些天还没有手记。今天写的，明天就列在这里。";
    pub(crate) const LABEL: &str = "手记";

    pub(crate) fn day_walked(walked: crate::store::Walked) -> String {
        super::count::walked("这天", walked).unwrap_or_else(|| "这天没有走访".to_owned())
    }
}

/// Opening the store, and when it does not open.
pub(crate) mod startup {
    pub(crate) const OTHER_TAB: &str = "连心册已在另一个标签页打开";
    pub(crate) const OTHER_TAB_HINT: &str = "写的内容都在。同一时间只能在一处用，免得两边写乱。";
    pub(crate) const USE_HERE: &str = "在这里使用";
    pub(crate) const UNANSWERED: &str = "那个标签页没有回答。请找到它，关掉，这里就会自己打开。";
    pub(crate) const TAKEN_OVER: &str = "已换到另一个标签页使用";
    pub(crate) const TROUBLE: &str = "本机资料没有打开";
    pub(crate) const LOCKED: &str = "这部手机已停用";
    pub(crate) const LOCKED_HINT: &str =
        "在这部手机上写完的文字都已交到乡镇，一条没丢，这里不再显示。要接着用，请找乡镇走访办重开登记码。";
    pub(crate) const LOST: &str = "没有这一页";
    pub(crate) const LOST_HINT: &str = "写的内容都在。";
    pub(crate) const HOME: &str = "回今日";

    pub(crate) fn locked_drafts(count: u32) -> String {
        format!("还有 {count} 份没写完的走访留在本机。重新登记以后，可以接着写。")
    }

    pub(crate) fn locked_photos(count: u32) -> String {
        format!("照片还有 {count} 张只在本机，没有交上去，请别清理浏览器或卸载。重新登记以后，会接着传。")
    }

    pub(crate) fn opened_at(time: &str) -> String {
        format!("那一页是 {time} 打开的。")
    }
}
