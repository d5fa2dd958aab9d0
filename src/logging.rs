//! The log: lines on standard error, by `-v` or RUST_LOG, as text or as JSON.

mod json;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::options::{Logging, LoggingFormat};

/// Begins to log.
pub fn start(flags: &Logging) {
    let level = match flags.verbosity {
        0..=3 => "info",
        4..=5 => {
            "shardplane=debug,shardplane_apiserver=debug,shardplane_serve=debug,shardplane_storage=debug,info"
        }
        _ => {
            "shardplane=trace,shardplane_apiserver=trace,shardplane_serve=trace,shardplane_storage=trace,debug"
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match flags.logging_format {
        LoggingFormat::Text => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(ansi).finish().init();
        }
        LoggingFormat::Json => lines.with_ansi(false).event_format(json::Format).finish().init(),
    }
}
