//! The log: lines on standard error, by `-v` or RUST_LOG.

use tracing_subscriber::EnvFilter;

/// Begins to log.
pub fn start(verbosity: u8) {
    let level = match verbosity {
        0..=3 => "info",
        4..=5 => {
            "shardplane=debug,shardplane_apiserver=debug,shardplane_serve=debug,shardplane_storage=debug,info"
        }
        _ => {
            "shardplane=trace,shardplane_apiserver=trace,shardplane_serve=trace,shardplane_storage=trace,debug"
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(ansi)
        .with_writer(std::io::stderr)
        .init();
}
