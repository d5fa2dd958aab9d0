//! The `shardplane` binary: it reads the command line and runs the tiers that it names.
//! What a tier does is in its own crate; here is only how they are put together.

mod access;
mod announcement;
mod audit;
mod base;
mod certificates;
mod completed;
mod config;
mod encryption;
mod entrance;
mod error;
mod filters;
mod frontend;
mod health;
mod logging;
mod member;
mod metrics;
mod options;
mod pages;
mod prepared;
mod probe;
mod reload;
mod routing;
mod signals;
mod site;
mod store;
mod tiers;
mod traces;
mod up;

use std::process::ExitCode;

use error::Error;
use options::{Command, CommandLine, Options};

/// It gives back to the system what a burst needed, and knows who holds what (docs/decisions/0010).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let command = CommandLine::read();
    logging::start(command.logging());
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shardplane: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The phases of a server's start, each of which makes the next one's type.
fn run(mut command: Command) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let listening = command.listening();
    let tracing = listening
        .and_then(|(listening, _)| Some((listening.tracing_config_file.clone()?, listening.component)));
    let sending = match tracing {
        Some((file, service)) => {
            let _entered = runtime.enter();
            Some(traces::start(&file, service)?)
        }
        None => None,
    };
    let ended = serve(command, &runtime);
    if let Some(sending) = sending {
        sending.stop();
    }
    ended
}

fn serve(command: Command, runtime: &tokio::runtime::Runtime) -> Result<(), Error> {
    let config = |options: Options| options.complete()?.validate();
    match command {
        Command::Serve(options) => {
            let config = config(*options)?;
            runtime.block_on(async { config.prepare().await?.run().await })
        }
        Command::Apiserver(frontend) => {
            let config = config(frontend.options)?;
            runtime.block_on(async { config.prepare_frontend(&frontend.trust).await?.run().await })
        }
        Command::Watchcache(member) => {
            let config = config(member.options)?;
            let prepared = config.prepare_member((member.tiers, member.token), member.share);
            runtime.block_on(async { prepared.await?.run().await })
        }
        Command::Router(routing) => {
            let config = routing::Config::of(*routing)?;
            runtime.block_on(async { config.prepare().await?.run().await })
        }
        Command::Certificates(options) => runtime.block_on(certificates::run(*options)),
        Command::Probe(options) => runtime.block_on(probe::run(*options)),
        Command::Up(options) => runtime.block_on(up::run(*options)),
    }
}
