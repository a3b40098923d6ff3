//! `import households`: a township's own table into the register, in one transaction, with a report row by row.

use super::{admin::villages, plain::plain};
use crate::{
    clock::now_ms,
    import::{
        Action, ColumnMap, Edit, Edits, ExistingHousehold, ExistingPerson, FILE_BYTES_MAX, Fields, Parsed,
        Plan, Prefer, Report, Village, Villages, parse, plan, read_table,
    },
    service::{Authors, LocalWriter, Origin},
    storage::{Storage, StorageError},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use lianxin_shared::{
    replica::{Row, Stamp, Value, kind},
    sqlite::{rows_after, uuid_at},
};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// 户册：Excel（每张表）或 CSV
    Households(Households),
}

#[derive(Debug, Args)]
pub(super) struct Households {
    /// Excel（xlsx、xls）或 CSV 文件
    file: PathBuf,
    /// 表里没写村名的行归哪个村（名称或 12 位代码）
    #[arg(long)]
    village: Option<String>,
    /// 认不出的列名怎么对，例如 “户主签名=head,手机=phone,序号=-”。能对的：village 村、group 组、household_no 户编号、head 户主、
    /// head_id_number 户主身份证号、name 姓名、id_number 身份证号、certificate 残疾证号、relation 与户主关系、population 人口、phone 电话、door 门牌、
    /// address 住址、category 户类型、class 户口性质、sex 性别、birth 出生日期、note 备注、tags.<类别代码> 填是或否的类别；- 是不要
    #[arg(long, default_value = "")]
    map: String,
    /// 有行被拒绝时，其余的照样写入（否则一行都不写）
    #[arg(long)]
    accept_partial: bool,
    /// 表里的和后来走访、核实时写的不一样，以表为准（否则保留后来写的，报告里逐行列出）
    #[arg(long)]
    prefer_file: bool,
    /// 只看报告，不写入
    #[arg(long)]
    dry_run: bool,
}

/// When a plan is written, and what stands in it.
#[derive(Clone, Copy, Default)]
struct Wish {
    dry_run: bool,
    accept_partial: bool,
    prefer: Prefer,
}

impl Import {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let Import::Households(args) = self;
        let size =
            std::fs::metadata(&args.file).with_context(|| format!("打不开 {}", args.file.display()))?.len();
        if size > FILE_BYTES_MAX as u64 {
            bail!("文件有 {size} 字节，最多 {FILE_BYTES_MAX}。什么都没有写，请分成几个文件。");
        }
        let bytes = std::fs::read(&args.file).with_context(|| format!("打不开 {}", args.file.display()))?;
        let storage = Storage::open(data)?;
        let known: Vec<Village> =
            storage.read(villages)?.into_iter().map(|(code, name)| Village { code, name }).collect();
        if known.is_empty() {
            bail!("还没有村。请先用 village add 增加。什么都没有写。");
        }
        let places = Villages::new(&known, args.village.as_deref())?;
        let map = ColumnMap::parse(&args.map)?;
        let parsed = parse(&read_table(&bytes)?, places, &map)?;
        let name = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let wish = Wish {
            dry_run: args.dry_run,
            accept_partial: args.accept_partial,
            prefer: if args.prefer_file { Prefer::File } else { Prefer::Edits },
        };
        let (report, written) = storage.write(move |db| import(db, &name, parsed, wish))?;
        println!("{}", plain(&report.to_text()));
        match (written, args.dry_run) {
            (true, _) => println!("已写入。"),
            (false, true) => println!("只看不写：什么都没有写。"),
            (false, false) => {
                bail!("有行被拒绝，什么都没有写。改好文件再来；或加 --accept-partial 只写其余的。")
            }
        }
        Ok(())
    }
}

/// The report, and whether the plan was written: all of it in the caller's transaction, or nothing.
fn import(db: &Connection, file: &str, parsed: Parsed, wish: Wish) -> Result<(Report, bool), StorageError> {
    let plan = plan(file, &existing(db)?, parsed, wish.prefer);
    let write = !wish.dry_run && (wish.accept_partial || !plan.report.has_refused());
    if write {
        execute(db, &plan)?;
    }
    Ok((plan.report, write))
}

/// The fields of a record that somebody wrote last, not an import.
fn edits(row: &Row, authors: &Authors) -> Edits {
    let edit = |stamp: Stamp| {
        let at_ms = i64::try_from(stamp.wall_ms).unwrap_or_default();
        authors.of(stamp).map(|by| Edit { by: by.to_owned(), at_ms })
    };
    let fields = row.fields.iter();
    fields.filter_map(|(name, version)| Some((name.clone(), edit(version.stamp)?))).collect()
}

/// The fields that were erased by law, by record.
fn erased_fields(db: &Connection) -> Result<BTreeMap<Uuid, BTreeSet<String>>, StorageError> {
    let mut statement = db.prepare("SELECT record, field FROM erased WHERE field <> ''")?;
    let all = statement.query_map([], |row| Ok((uuid_at(row, "record")?, row.get("field")?)))?;
    let mut erased: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for entry in all {
        let (record, field) = entry?;
        erased.entry(record).or_default().insert(field);
    }
    Ok(erased)
}

/// Every living household with its people.
fn existing(db: &Connection) -> Result<Vec<ExistingHousehold>, StorageError> {
    let mut households: BTreeMap<Uuid, ExistingHousehold> = BTreeMap::new();
    let mut people: Vec<(Uuid, ExistingPerson)> = Vec::new();
    let (authors, mut all_erased) = (Authors::read(db)?, erased_fields(db)?);
    rows_after(
        db,
        0,
        |_| true,
        |row| {
            if row.value("deleted").is_true() || !row.text("merged_into").is_empty() {
                return true;
            }
            let (fields, edited): (Fields, _) = (row.values(), edits(&row, &authors));
            let erased = all_erased.remove(&row.id).unwrap_or_default();
            match row.kind.as_str() {
                kind::HOUSEHOLD => {
                    let (id, village, members) = (row.id, row.village, Vec::new());
                    let home = ExistingHousehold { id, village, fields, edited, erased, members };
                    households.insert(id, home);
                }
                kind::PERSON => {
                    if let Ok(home) = Uuid::try_parse(row.text("household")) {
                        people.push((home, ExistingPerson { id: row.id, fields, edited, erased }));
                    }
                }
                _ => {}
            }
            true
        },
    )?;
    for (home, person) in people {
        if let Some(household) = households.get_mut(&home) {
            household.members.push(person);
        }
    }
    Ok(households.into_values().collect())
}

/// Writes a plan as the office's patches, in the caller's transaction.
fn execute(db: &Connection, plan: &Plan) -> Result<(), StorageError> {
    let mut writer = LocalWriter::new(db)?;
    let now = now_ms();
    let person =
        |writer: &mut LocalWriter<'_>, id: Uuid, home: Option<Uuid>, village: &str, fields: &Fields| {
            let mut fields = fields.clone();
            if let Some(home) = home {
                fields.insert("household".to_owned(), Value::Text(home.to_string()));
            }
            writer.write(Origin::Office, (kind::PERSON, id, village), fields, now)
        };
    for planned in &plan.households {
        let village = planned.village.as_str();
        match &planned.action {
            Action::Create { household, members } => {
                let id = Uuid::now_v7();
                writer.write(Origin::Office, (kind::HOUSEHOLD, id, village), household.clone(), now)?;
                for member in members {
                    person(&mut writer, Uuid::now_v7(), Some(id), village, member)?;
                }
            }
            Action::Update { id, changed, new_members, changed_members } => {
                writer.write(Origin::Office, (kind::HOUSEHOLD, *id, village), changed.clone(), now)?;
                for member in new_members {
                    person(&mut writer, Uuid::now_v7(), Some(*id), village, member)?;
                }
                for (member, fields) in changed_members {
                    person(&mut writer, *member, None, village, fields)?;
                }
            }
            Action::Same { .. } | Action::Refused { .. } => {}
        }
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::testing::{NOW_MS, WILLOW, World},
        service::{ErasureAct, erase},
    };
    use lianxin_shared::{replica::FieldSet, sqlite::read_row};

    fn run(world: &World, phone: &str, wish: Wish) -> Report {
        let table = format!("户主,组,电话\n周秀兰,三组,{phone}\n");
        let known = [Village { code: WILLOW.to_owned(), name: "柳树沟村".to_owned() }];
        let places = Villages::new(&known, Some(WILLOW)).unwrap();
        let parsed = parse(&read_table(table.as_bytes()).unwrap(), places, &ColumnMap::default()).unwrap();
        world.storage.write(move |db| import(db, "户册.csv", parsed, wish)).unwrap().0
    }

    #[test]
    fn a_table_overwrites_what_a_table_wrote_and_asks_before_what_a_cadre_wrote_since() {
        let world = World::new();
        let wish = Wish::default();
        assert_eq!(run(&world, "13900000001", wish).totals.households_new, 1);
        assert_eq!(run(&world, "13900000002", wish).totals.households_updated, 1, "the newer table");
        let find = "SELECT id FROM household WHERE head = '周秀兰'";
        let id = world.storage.read(|db| Ok::<_, StorageError>(db.query_row(find, [], |row| row.get(0))?));
        let id = Uuid::from_bytes(id.unwrap());
        let phone = || {
            let row = world.storage.read(|db| Ok::<_, StorageError>(read_row(db, id)?));
            row.unwrap().unwrap().text("phone").to_owned()
        };
        assert_eq!(phone(), "13900000002");

        world.put(kind::HOUSEHOLD, id, WILLOW, FieldSet::from([("phone".into(), "13900000003".into())]));
        let report = run(&world, "13900000002", wish);
        assert_eq!((phone().as_str(), report.totals.households_same), ("13900000003", 1));
        assert!(report.to_text().contains("阿香 写的），保留 13900000003"), "{}", report.to_text());

        run(&world, "13900000002", Wish { prefer: Prefer::File, ..wish });
        assert_eq!(phone(), "13900000002");
        run(&world, "13900000004", wish);
        assert_eq!(phone(), "13900000004", "what stands is a table's again");
    }

    #[test]
    fn what_was_erased_by_law_comes_back_by_no_table_and_the_report_says_so() {
        let world = World::new();
        let find = "SELECT id FROM household WHERE head = '周秀兰'";
        let wishes = [Wish::default(), Wish { prefer: Prefer::File, ..Wish::default() }];
        run(&world, "13900000001", wishes[0]);
        let id = world.storage.read(|db| Ok::<_, StorageError>(db.query_row(find, [], |row| row.get(0))?));
        let id = Uuid::from_bytes(id.unwrap());
        let act = ErasureAct { by: "老周".into(), why: "本人要求".into(), at_ms: NOW_MS };
        world.storage.write(move |db| erase(db, id, &["phone".to_owned()].into(), &act)).unwrap();
        for wish in wishes {
            let report = run(&world, "13900000001", wish);
            let (totals, text) = (&report.totals, report.to_text());
            assert_eq!((totals.households_same, totals.households_updated, totals.cells_kept), (1, 0, 0));
            assert!(text.contains("电话：已依法抹去，不写"), "{text}");
            assert!(!text.contains("13900000001") && !text.contains("--prefer-file"), "{text}");
        }
    }
}
