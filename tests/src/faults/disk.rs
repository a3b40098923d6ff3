//! A disk that fills up, in earnest: a small tmpfs under the server, then under a phone, filled to its last byte. What was
//! acknowledged stays, everybody is told in plain words, and once there is room again everything goes on.

use super::{
    VILLAGE,
    ledger::{nothing_is_doubled, number_of, on_server},
};
use crate::e2e::{Console, Headless, Server};
use anyhow::{Context, ensure};
use lianxin_app::store::StoreError;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use uuid::Uuid;

/// What the small disk holds.
const DISK_MIB: u32 = 48;
/// Letters of one edit: more than the databases have left in pages of their own.
const NOTE_CHARS: usize = 3_000;
/// Edits that are tried on a full disk before it must have said so.
const TRIES_MAX: u64 = 400;
const BALLAST: &str = "ballast";

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// One line of what happened.
    Done(Value),
    /// This machine lets nobody mount a disk of their own; in words.
    NotPossible(String),
}

/// Fills the disk under a server, then under a phone.
///
/// # Errors
/// When anything that was acknowledged is missing or doubled, a replica differs, or nobody was told.
///
/// # Panics
/// When things do not go on once there is room.
pub async fn fill_disks() -> anyhow::Result<Outcome> {
    let disk = match SmallDisk::mounted()? {
        Ok(disk) => disk,
        Err(words) => return Ok(Outcome::NotPossible(words)),
    };
    let of_server = under_the_server(&disk).await.context("under the server")?;
    let of_phone = under_a_phone(&disk).await.context("under a phone")?;
    Ok(Outcome::Done(
        json!({"faults": "full disk", "server": of_server, "phone": of_phone, "lost": 0, "doubled": 0}),
    ))
}

async fn under_the_server(disk: &SmallDisk) -> anyhow::Result<Value> {
    let cadres = [("阿香", VILLAGE), ("老周", VILLAGE)];
    let server = Server::township_within(disk.path(), &[(VILLAGE, "柳树沟村")], &cadres);
    let (axiang, laozhou) =
        (Headless::enrolled(&server, "阿香").await, Headless::enrolled(&server, "老周").await);
    let console = Console::sign_in(&server).await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(axiang.new_household(VILLAGE, "户-1").await);
    }
    axiang.synced().await;
    laozhou.synced().await;
    let before = on_server(&server.database())?;
    disk.fill()?;
    for id in &ids {
        axiang.edit(*id, "note", &"满".repeat(NOTE_CHARS)).await?;
        axiang.edit(*id, "head", "户-2").await?;
    }
    axiang.told("磁盘满了").await;
    let told = axiang.status().await.sync.problem;
    ensure!(told.contains("您写的都在本机"), "the cadre is not told what is safe: {told}");
    ensure!(on_server(&server.database())? == before, "something half came in");
    ensure!(console.page("/console/households").await.contains("户-1"), "the office cannot read");
    disk.clear()?;
    axiang.synced().await;
    laozhou.synced().await;
    let now = on_server(&server.database())?;
    ensure!(now.len() == ids.len() && now.values().all(|number| *number == 2), "not all went on: {now:?}");
    same(&laozhou, &ids, "户-2").await?;
    nothing_is_doubled(&server.database())?;
    server.check();
    Ok(json!({"edits_while_full": 2 * ids.len(), "told": told}))
}

async fn under_a_phone(disk: &SmallDisk) -> anyhow::Result<Value> {
    let server = Server::township(&[(VILLAGE, "柳树沟村")], &[("阿香", VILLAGE), ("老周", VILLAGE)]);
    let laozhou = Headless::enrolled(&server, "老周").await;
    let dir = disk.path().join("phone");
    fs::create_dir(&dir)?;
    let mut axiang = Headless::in_folder(&dir);
    axiang.enrol(server.url(), &server.code("阿香")).await.map_err(|words| anyhow::anyhow!(words))?;
    axiang.synced().await;
    let id = axiang.new_household(VILLAGE, "户-1").await;
    axiang.synced().await;
    disk.fill()?;
    let (mut acknowledged, mut refused) = (1, None);
    for number in 2..TRIES_MAX {
        let saved = async {
            axiang.edit(id, "note", &"满".repeat(NOTE_CHARS)).await?;
            axiang.edit(id, "head", &format!("户-{number}")).await
        };
        match saved.await {
            Ok(_) => acknowledged = number,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
        // Sends and receives what it can meanwhile.
        axiang.press_sync().await;
    }
    let refused = refused.context("a full disk took everything")?;
    ensure!(refused == StoreError::Full, "the cadre is told something else: {refused}");
    ensure!(number_shown(&axiang, id).await? >= acknowledged, "what was acknowledged is gone");
    disk.clear()?;
    axiang.edit(id, "head", &format!("户-{TRIES_MAX}")).await?;
    // What the disk holds is what counts.
    axiang.sleep();
    axiang.wake();
    axiang.synced().await;
    laozhou.synced().await;
    same(&laozhou, &[id], &format!("户-{TRIES_MAX}")).await?;
    ensure!(on_server(&server.database())? == BTreeMap::from([(id, TRIES_MAX)]), "the township has another");
    nothing_is_doubled(&server.database())?;
    server.check();
    Ok(json!({"edits_acknowledged_while_full": acknowledged - 1, "told": refused.to_string()}))
}

async fn number_shown(phone: &Headless, id: Uuid) -> anyhow::Result<u64> {
    number_of(&phone.text(id, "head").await)
}

/// Whether a phone shows all of them with this text.
async fn same(phone: &Headless, ids: &[Uuid], head: &str) -> anyhow::Result<()> {
    for id in ids {
        let shown = phone.text(*id, "head").await;
        ensure!(shown == head, "another phone shows {shown}");
    }
    Ok(())
}

/// A small disk of its own, gone with this value.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounted, or why this machine does not allow it.
    fn mounted() -> anyhow::Result<Result<Self, String>> {
        let folder = TempDir::new()?;
        let size = format!("size={DISK_MIB}m");
        let said =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output()?;
        if said.status.success() {
            return Ok(Ok(Self { folder }));
        }
        let why = String::from_utf8_lossy(&said.stderr).trim().to_owned();
        Ok(Err(format!("这里不让挂小磁盘（要 root 和挂载的权限），磁盘写满这一项没有做：{why}")))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join(BALLAST)
    }

    /// Takes the last byte.
    fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = File::create(self.ballast())?;
        for piece in [vec![0; 1024 * 1024], vec![0; 4096], vec![0; 1]] {
            loop {
                match ballast.write_all(&piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Gives it back.
    fn clear(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there loses nothing that anybody looks at any more.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
