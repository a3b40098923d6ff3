//! `import households`: a township's own table into the register, in one transaction, with a report row by row.

use super::{admin::villages, plain::plain};
use crate::{
    clock::now_ms,
    import::{
        Action, ColumnMap, ExistingHousehold, ExistingPerson, FILE_BYTES_MAX, Fields, Plan, Report, Village,
        Villages, parse, plan, read_table,
    },
    service::{LocalWriter, Origin},
    storage::{Storage, StorageError},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use lianxin_shared::{
    replica::{Value, kind},
    sqlite::rows_after,
};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
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
    /// 认不出的列名怎么对，例如 “户主姓名（签字）=head,手机=phone”
    #[arg(long, default_value = "")]
    map: String,
    /// 有行被拒绝时，其余的照样写入（否则一行都不写）
    #[arg(long)]
    accept_partial: bool,
    /// 只看报告，不写入
    #[arg(long)]
    dry_run: bool,
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
        let (dry_run, partial) = (args.dry_run, args.accept_partial);
        let (report, written) = storage.write(move |db| -> Result<(Report, bool), StorageError> {
            let plan = plan(&name, &existing(db)?, parsed);
            let write = !dry_run && (partial || !plan.report.has_refused());
            if write {
                execute(db, &plan)?;
            }
            Ok((plan.report, write))
        })?;
        println!("{}", plain(&report.to_text()));
        match (written, dry_run) {
            (true, _) => println!("已写入。"),
            (false, true) => println!("只看不写：什么都没有写。"),
            (false, false) => {
                bail!("有行被拒绝，什么都没有写。改好文件再来；或加 --accept-partial 只写其余的。")
            }
        }
        Ok(())
    }
}

/// Every living household with its people.
fn existing(db: &Connection) -> Result<Vec<ExistingHousehold>, StorageError> {
    let mut households: BTreeMap<Uuid, ExistingHousehold> = BTreeMap::new();
    let mut people: Vec<(Uuid, ExistingPerson)> = Vec::new();
    rows_after(
        db,
        0,
        |_| true,
        |row| {
            if row.value("deleted").is_true() || !row.text("merged_into").is_empty() {
                return true;
            }
            let fields: Fields = row.values();
            match row.kind.as_str() {
                kind::HOUSEHOLD => {
                    let home =
                        ExistingHousehold { id: row.id, village: row.village, fields, members: Vec::new() };
                    households.insert(home.id, home);
                }
                kind::PERSON => {
                    if let Ok(home) = Uuid::try_parse(row.text("household")) {
                        people.push((home, ExistingPerson { id: row.id, fields }));
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
