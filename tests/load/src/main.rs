//! The command `watchload`: runs one scenario, prints its result and writes it as JSON and HTML; compares results; plans. What a scenario does is the library's affair.

use std::process::ExitCode;

use clap::Parser;
use watchload::options::{Command, Common, Options};
use watchload::report::Report;
use watchload::{Error, compare, page};

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system gives a thread its event queue");
    match runtime.block_on(run(options.command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            eprintln!("watchload: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells whether the server did everything right.
async fn run(command: Command) -> Result<bool, Error> {
    match command {
        Command::Fanout(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Resources(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Kubelets(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Idle(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Lists(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Restart(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Writes(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Informers(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Storm(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Churn(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Slow(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Reconnect(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Cluster(scenario) => finish(scenario.common(), &scenario.run().await?),
        Command::Compare { first, second, html } => {
            let results = [compare::read(&first)?, compare::read(&second)?];
            println!("{}", compare::table(&results[0], &results[1]));
            if let Some(path) = html {
                page::write(&path, &results)?;
            }
            Ok(true)
        }
        Command::Plan(planner) => {
            println!("{}", planner.run()?);
            Ok(true)
        }
        Command::Costs(learner) => {
            println!("{}", learner.run()?);
            Ok(true)
        }
        Command::Page { result, html } => {
            page::write(&html, &[compare::read(&result)?])?;
            Ok(true)
        }
    }
}

fn finish(common: &Common, report: &Report) -> Result<bool, Error> {
    println!("{}", report.text());
    if let Some(path) = &common.json {
        report.write(path)?;
    }
    if let Some(path) = &common.html {
        page::write(path, &[report.json()])?;
    }
    Ok(report.is_right())
}
