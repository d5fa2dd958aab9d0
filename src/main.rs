//! The `shardplane` binary: it reads the command line and runs the tiers that it names.
//! What a tier does is in its own crate; here is only how they are put together.

mod access;
mod announcement;
mod audit;
mod base;
mod completed;
mod config;
mod encryption;
mod entrance;
mod error;
mod filters;
mod health;
mod logging;
mod member;
mod options;
mod prepared;
mod reload;
mod signals;
mod store;

use std::process::ExitCode;

use clap::Parser;

use error::Error;
use options::{CommandLine, Options, Role};

fn main() -> ExitCode {
    let (role, options) = CommandLine::parse().into_options();
    logging::start(options.logging.verbosity);
    match run(role, options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shardplane: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The phases of a server's start, each of which makes the next one's type.
fn run(role: Role, options: Options) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let config = options.complete()?.validate()?;
    runtime.block_on(async {
        match role {
            Role::Serve => config.prepare().await?.run().await,
            Role::Watchcache => config.prepare_member().await?.run().await,
        }
    })
}
