//! `lianxin-server`: the township's server.

fn main() -> anyhow::Result<()> {
    lianxin_server::cli::run()
}
