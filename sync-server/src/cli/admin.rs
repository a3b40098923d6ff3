//! init, users, cadres, villages, devices, backup, check, certificates.

use super::{files, plain::plain, restore::left_by_restores};
use crate::{
    auth::{self, AuthError, Cadre},
    clock::now_ms,
    files::{FileFolder, copy_referenced},
    service::{LocalWriter, Origin, check as check_database, grant_villages},
    storage::{DATABASE_FILE, Storage, open_writable},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use lianxin_shared::{
    domain::region,
    replica::{DeviceId, FieldSet, kind},
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{
    io::BufRead,
    path::{Path, PathBuf},
};
use uuid::Uuid;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// 乡镇名称，例如 清溪镇
    #[arg(long)]
    township: String,
    /// 乡镇的 12 位统计用区划代码（后三位是 000）
    #[arg(long)]
    region: String,
}

impl Init {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        if !region::is_township(&self.region) {
            bail!("区划代码要 12 位数字、后三位 000，例如 330100101000。什么都没有建。");
        }
        Storage::init(data, self.township.trim(), &self.region)?;
        println!("已建好 {} 的空数据库：{}", self.township, data.display());
        println!("接着：village add、cadre add、user add、serve");
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// 增加办公台用户，密码从标准输入读一行
    Add {
        /// 登录名
        name: String,
        /// 显示的姓名
        #[arg(long)]
        display: Option<String>,
    },
}

impl User {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let User::Add { name, display } = self;
        println!("请输入 {name} 的密码（至少 {} 个字），回车结束：", auth::password_chars_min);
        let mut password = String::new();
        std::io::stdin().lock().read_line(&mut password)?;
        let display = display.unwrap_or_else(|| name.clone());
        let storage = Storage::open(data)?;
        let added = name.clone();
        storage.write(move |db| auth::add_user(db, &added, &display, password.trim_end(), now_ms()))?;
        println!("已增加用户 {name}。");
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum VillageCommand {
    /// 增加一个村
    Add {
        /// 12 位区划代码
        code: String,
        /// 名称，例如 柳树沟村
        name: String,
    },
    /// 列出
    List,
}

/// A village's record has an id that follows from its code: adding it twice is one record.
fn village_record_id(code: &str) -> Uuid {
    lianxin_shared::replica::conflict_id(
        Uuid::nil(),
        code,
        lianxin_shared::replica::Stamp::from_bytes([0; 16]),
    )
}

impl VillageCommand {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let storage = Storage::open(data)?;
        match self {
            VillageCommand::Add { code, name } => {
                if !region::is_code(&code) || region::is_township(&code) {
                    bail!("村的区划代码要 12 位数字，后三位不是 000。什么都没有改。");
                }
                let township = storage.identity().township.clone();
                let label = format!("{name}（{code}）");
                storage.write(move |db| -> Result<(), AuthError> {
                    let fields = FieldSet::from([
                        ("name".to_owned(), name.into()),
                        ("township".to_owned(), township.into()),
                    ]);
                    let mut writer = LocalWriter::new(db)?;
                    let id = village_record_id(&code);
                    writer.write(Origin::Office, (kind::VILLAGE, id, &code), fields, now_ms())?;
                    Ok(writer.finish()?)
                })?;
                println!("已增加 {label}。");
            }
            VillageCommand::List => {
                for (code, name) in storage.read(villages)? {
                    println!("{code}  {}", plain(&name));
                }
            }
        }
        Ok(())
    }
}

/// Villages by code.
pub(super) fn villages(db: &Connection) -> Result<Vec<(String, String)>, AuthError> {
    let mut statement = db.prepare("SELECT code, name FROM village ORDER BY code")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[derive(Debug, Subcommand)]
pub(super) enum CadreCommand {
    /// 增加一名干部
    Add {
        /// 姓名
        name: String,
        /// 单位
        #[arg(long, default_value = "")]
        unit: String,
        /// 分管的村，12 位代码，可写多个
        #[arg(long = "village", required = true)]
        villages: Vec<String>,
    },
    /// 改分管的村：手机下次同步时收到新村的资料，不再分管的村的资料离开手机
    Villages {
        /// 干部编号或姓名
        cadre: String,
        /// 从现在起分管的村，12 位代码，可写多个
        #[arg(long = "village", required = true)]
        villages: Vec<String>,
    },
    /// 列出
    List,
}

impl CadreCommand {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let storage = Storage::open(data)?;
        match self {
            CadreCommand::Add { name, unit, villages } => {
                let id = auth::new_cadre_id()?;
                let cadre = Cadre { id: id.clone(), name, unit, villages: villages.into_iter().collect() };
                storage.write(move |db| auth::add_cadre(db, &cadre))?;
                println!("已增加，编号 {id}。开登记码：lianxin-server enrol {id}");
            }
            CadreCommand::Villages { cadre, villages } => {
                let id = cadre_id(&storage, &cadre)?;
                let villages = villages.into_iter().collect();
                storage.write(move |db| grant_villages(db, &id, &villages, now_ms()))?;
                println!("已改好，{cadre} 的手机下次同步时生效。");
            }
            CadreCommand::List => {
                for cadre in storage.read(auth::list_cadres)? {
                    println!("{}  {}  {}", cadre.id, plain(&cadre.name), plain(&cadre.unit));
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(super) struct Enrol {
    /// 干部编号或姓名
    cadre: String,
}

impl Enrol {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let storage = Storage::open(data)?;
        let digits = enrolment_code(&storage, &self.cadre)?;
        println!("登记码：{}（七天内用一次）", auth::grouped_digits(&digits));
        Ok(())
    }
}

/// A fresh one-time code for a cadre by id or (only) name.
pub(super) fn enrolment_code(storage: &Storage, cadre: &str) -> anyhow::Result<String> {
    let id = cadre_id(storage, cadre)?;
    Ok(storage.write(move |db| auth::create_code(db, &id, now_ms()))?.digits)
}

/// The cadre of this id or (only) name.
fn cadre_id(storage: &Storage, cadre: &str) -> anyhow::Result<String> {
    let cadres = storage.read(auth::list_cadres)?;
    let found: Vec<_> = cadres.iter().filter(|c| c.id == cadre || c.name == cadre).collect();
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => bail!("没有叫“{cadre}”的干部。用 cadre list 查看。"),
        _ => bail!("有 {} 名干部叫“{cadre}”，请用编号（cadre list）。", found.len()),
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Device {
    /// 列出
    List,
    /// 停用一部手机：不再收发，手机上没报的仍可打开看
    Revoke {
        /// 编号（device list 的第一列）
        id: String,
    },
}

impl Device {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let storage = Storage::open(data)?;
        match self {
            Device::List => {
                for device in storage.read(auth::list_devices)? {
                    let state = if device.revoked_at_ms.is_some() { "已停用" } else { "在用" };
                    println!(
                        "{}  {}  {}  {state}  收到 {} 条",
                        device.id,
                        plain(&device.cadre_name),
                        plain(&device.name),
                        device.receipt
                    );
                }
            }
            Device::Revoke { id } => {
                let id: DeviceId = id.parse().context("编号不对，请从 device list 里抄")?;
                storage.write(move |db| auth::revoke_device(db, id, now_ms()))?;
                println!("已停用。");
            }
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// 备份写到哪个文件（不能已经存在）
    file: PathBuf,
}

/// Pages copied at a time, so that a running server goes on between.
#[allow(non_upper_case_globals)]
pub(super) const backup_pages_per_step: i32 = 1024;

impl Backup {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        if self.file.exists() {
            bail!("{} 已经存在，没有覆盖。", self.file.display());
        }
        let part = self.file.with_extension("part");
        if part.exists() {
            std::fs::remove_file(&part)?;
        }
        let source = open_writable(&data.join(DATABASE_FILE))?;
        // Nothing that the copied database names may go before its file is copied too.
        let files = FileFolder::of_database(&data.join(DATABASE_FILE));
        let held = files.hold()?;
        let mut target = Connection::open(&part)?;
        rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(
            backup_pages_per_step,
            std::time::Duration::from_millis(1),
            None,
        )?;
        let intact: String = target.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if intact != "ok" {
            bail!("备份没有通过检查（{intact}），没有留下。");
        }
        let beside = FileFolder::of_database(&self.file);
        let copied = copy_referenced(&target, &files, &beside)?;
        drop(held);
        target.close().map_err(|(_, error)| error)?;
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &self.file)?;
        println!("已备份到 {}。", self.file.display());
        if copied.files > 0 {
            println!("照片文件 {} 个备份到 {}。", copied.files, beside.root().display());
        }
        if copied.lost > 0 {
            println!("有 {} 个照片文件在服务器上读不到，没有备份；请运行 check 查看。", copied.lost);
        }
        Ok(())
    }
}

/// `check`
pub(super) fn check(data: &Path) -> anyhow::Result<()> {
    let db = open_writable(&data.join(DATABASE_FILE))?;
    // The rebuild writes. Were the turn to write not taken before the first look, a phone's push in between would end the
    // check; so phones wait meanwhile, and try again where that takes long.
    let tx = Transaction::new_unchecked(&db, TransactionBehavior::Immediate)?;
    let report = check_database(&tx)?;
    tx.rollback()?;
    println!("查了 {} 条记录、{} 条修改。", report.records, report.patches);
    let left = left_by_restores(data)?;
    if !left.is_empty() {
        println!("恢复备份时留下的旧资料（后来依法抹去的，里面还有；用不着了请删掉）：");
        left.iter().for_each(|path| println!("  {}", path.display()));
    }
    if report.problems.is_empty() {
        files::check(&db, data)?;
        println!("一切正常。");
        return Ok(());
    }
    report.problems.iter().for_each(|problem| println!("× {}", plain(problem)));
    bail!("有 {} 处不对。请先停下服务，备份数据文件夹，再联系维护人员。", report.problems.len());
}

#[derive(Debug, Subcommand)]
pub(super) enum Tls {
    /// 自建证书（给内网用；有正式证书就不需要）
    Init {
        /// 手机用来打开的名字或地址，可写多个，例如 192.168.1.9
        #[arg(long = "name", required = true)]
        names: Vec<String>,
    },
}

impl Tls {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        let Tls::Init { names } = self;
        let storage = Storage::open(data)?;
        let dir = crate::tls::init(data, &storage.identity().township, &names)?;
        println!(
            "证书在 {}。serve 会自动用它；手机先打开 https://{}:端口/ca 装一次根证书。",
            dir.display(),
            names.first().map_or("这台服务器", String::as_str)
        );
        println!("ca-key.pem 请移到别处离线保存。");
        Ok(())
    }
}
