//! `serve`: the service until Ctrl-C or SIGTERM.

use super::{admin::enrolment_code, demo};
use crate::{
    auth,
    console::{self, ConsoleState},
    files::collecting,
    http::{self, ServeOptions, TrustedProxies, is_for_this_machine_alone, port_usual},
    storage::Storage,
    tls::TLS_FOLDER,
};
use anyhow::Context;
use clap::Args;
use std::{
    fs::File,
    io::IsTerminal,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

/// Threads on which SQLite, files and packing wait their turns: what each has once used it keeps, so more of them is
/// more memory, and what they wait for (the disk, the processor) does not come sooner.
#[allow(non_upper_case_globals)]
const blocking_threads_max: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// 监听地址；没有证书时只能是本机
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// 端口，0 为任选
    #[arg(long, default_value_t = port_usual)]
    port: u16,
    /// 手机端网页包的文件夹
    #[arg(long)]
    web: Option<PathBuf>,
    /// 手机用来打开的网址（在反向代理后面时写）
    #[arg(long)]
    public_url: Option<String>,
    /// 反向代理的地址，可写几次：只有它们转来的 X-Forwarded-For 才算数，用来按来处限制试密码和登记码
    #[arg(long = "trusted-proxy", value_name = "IP")]
    trusted_proxies: Vec<IpAddr>,
    /// 证书文件（PEM）
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// 私钥文件（PEM）
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// 没有证书也在网上开（明文，只用于隔离的测试网）
    #[arg(long)]
    insecure_lan: bool,
    /// 启动时打印演示乡镇的登录方式和一个登记码
    #[arg(long)]
    demo: bool,
    /// 日志写进这个文件（接着写），不写到终端
    #[arg(long, value_name = "文件")]
    log: Option<PathBuf>,
    /// 日志用 JSON
    #[arg(long)]
    log_json: bool,
}

impl Serve {
    pub fn run(self, data: &Path) -> anyhow::Result<()> {
        keep_log(self.log.as_deref(), self.log_json)?;
        let storage = Arc::new(Storage::open(data)?);
        let own = data.join(TLS_FOLDER);
        let tls = match (self.cert, self.key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            _ => own.join("cert.pem").exists().then(|| (own.join("cert.pem"), own.join("key.pem"))),
        };
        let options = ServeOptions {
            address: SocketAddr::new(self.bind, self.port),
            tls,
            insecure_lan: self.insecure_lan,
            web: self.web,
            public_url: self.public_url,
            trusted_proxies: TrustedProxies::new(self.trusted_proxies),
            ca: Some(own.join("ca.pem")),
        };
        let code = match self.demo {
            true => Some(enrolment_code(&storage, demo::DEMO_CADRE)?),
            false => None,
        };
        let township = storage.identity().township.clone();
        let office = storage.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .max_blocking_threads(blocking_threads_max)
            .enable_all()
            .build()?;
        // Before the first word is printed: whoever has read it may ask for the end at once.
        let stop = {
            let _within = runtime.enter();
            stop_signal()?
        };
        runtime.spawn(collecting(storage.clone()));
        runtime.block_on(http::serve(
            storage,
            options,
            |url| console::router(ConsoleState::new(office, url)),
            stop,
            |url| {
                println!("连心册 · {township} 已启动");
                println!("  手机端    {url}/");
                if is_for_this_machine_alone(url) {
                    println!("            （只有这台电脑打得开，手机不行。要让手机用：lianxin-server tls init --name 局域网地址，再 serve --bind 0.0.0.0 --public-url https://局域网地址:端口）");
                }
                println!("  乡镇办公台  {url}/console");
                if let Some(code) = &code {
                    println!("  办公台登录  {} / {}", demo::DEMO_USER, demo::DEMO_PASSWORD);
                    println!("  登记码    {}（{}，用一次）", auth::grouped_digits(code), demo::DEMO_CADRE);
                    println!("  一步登记  {url}/#enrol?code={code}");
                }
            },
        ))?;
        Ok(())
    }
}

/// Where the log goes: the terminal, or a file.
fn keep_log(file: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let writer = match file {
        Some(path) => {
            let file = File::options().append(true).create(true).open(path);
            BoxMakeWriter::new(Mutex::new(
                file.with_context(|| format!("打不开日志文件 {}", path.display()))?,
            ))
        }
        None => BoxMakeWriter::new(std::io::stderr),
    };
    let colours = file.is_none() && std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(writer);
    if json {
        log.json().init()
    } else {
        log.init()
    }
    Ok(())
}

/// Ends at Ctrl-C or SIGTERM, which are heard from now on.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        // Without a way to hear of it, the service runs until it is ended from outside.
        let _ = tokio::signal::ctrl_c().await;
    })
}
