//! The command line. What it prints is for the person at the terminal, in Chinese.

#![allow(clippy::print_stdout, reason = "a command line speaks on stdout")]

mod admin;
mod demo;
mod files;
mod import;
mod plain;
mod restore;
mod serve;
mod troubles;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// 连心册乡镇服务器
#[derive(Debug, Parser)]
#[command(name = "lianxin-server", version, about)]
struct Cli {
    /// 数据文件夹
    #[arg(long, global = true, default_value = "./data", value_name = "文件夹")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 新建空数据库
    Init(admin::Init),
    /// 启动服务
    Serve(serve::Serve),
    /// 新建演示乡镇（虚构的人和事）
    Demo(demo::Demo),
    /// 办公台用户
    #[command(subcommand)]
    User(admin::User),
    /// 干部
    #[command(subcommand)]
    Cadre(admin::CadreCommand),
    /// 村
    #[command(subcommand)]
    Village(admin::VillageCommand),
    /// 给一名干部开登记码
    Enrol(admin::Enrol),
    /// 手机
    #[command(subcommand)]
    Device(admin::Device),
    /// 导入
    #[command(subcommand)]
    Import(import::Import),
    /// 在线备份到一个文件
    Backup(admin::Backup),
    /// 从备份恢复（先停下服务）：手机会自动把备份之后的补回来
    Restore(restore::Restore),
    /// 照片：有多少，还差哪些
    Files,
    /// 检查数据库：完整，且一切推导出来的都与重算一致
    Check,
    /// 证书
    #[command(subcommand)]
    Tls(admin::Tls),
}

/// Runs the command that the process was started with.
///
/// # Errors
/// What went wrong, in words.
pub fn run() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Command::Init(init) => init.run(&cli.data),
        Command::Serve(serve) => serve.run(&cli.data),
        Command::Demo(demo) => demo.run(&cli.data),
        Command::User(user) => user.run(&cli.data),
        Command::Cadre(cadre) => cadre.run(&cli.data),
        Command::Village(village) => village.run(&cli.data),
        Command::Enrol(enrol) => enrol.run(&cli.data),
        Command::Device(device) => device.run(&cli.data),
        Command::Import(import) => import.run(&cli.data),
        Command::Backup(backup) => backup.run(&cli.data),
        Command::Restore(restore) => restore.run(&cli.data),
        Command::Files => files::run(&cli.data),
        Command::Check => admin::check(&cli.data),
        Command::Tls(tls) => tls.run(&cli.data),
    }
}
