//! `pointsman`: the binary. Lives here: commands, configuration, wiring, HTTP pages. Not here: the wire (collector),
//! the judgement (advisor), SQL (store).

mod advise;
mod allocator;
mod cli;
mod clock;
mod commands;
mod config;
mod draft;
mod manager;
mod metrics;
mod publish;
mod render;
mod stopping;
mod stored_trace;
mod telemetry;
mod upkeep;
mod web;

use std::process::ExitCode;

use clap::Parser;
use pointsman_store::StoreError;

use cli::{CheckConfigOptions, Cli, Command, ServeOptions};
use config::{Config, Source};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Of a check, 1 says that a budget is broken.
    let failure = if matches!(cli.command, Command::Check(_)) {
        ExitCode::from(commands::check::UNDECIDED)
    } else {
        ExitCode::FAILURE
    };
    if matches!(cli.command, Command::Serve(_)) {
        allocator::give_back_soon();
    }
    let ended = match cli.command {
        // These tell of the program alone: no configuration, however faulty, keeps them from it.
        Command::Completions(options) => commands::shell::completions(&options),
        Command::Man(options) => commands::shell::manual(&options),
        Command::Link(options) => commands::link::run(&options),
        _ => run(cli),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("pointsman: {error:#}");
            failure
        }
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let mut source = Source { file: cli.config, policies: cli.policy, flags: ServeOptions::default() };
    if let Command::Serve(flags) | Command::CheckConfig(CheckConfigOptions { serve: flags, .. }) =
        &cli.command
    {
        source.flags = flags.clone();
    }
    if let Command::Demo(options) = cli.command {
        return commands::demo::run(options).await;
    }
    let config = match cli.command {
        // It tells the faults that would end any other command here.
        Command::CheckConfig(_) => Config::default(),
        _ => config::load(&source)?,
    };
    if !matches!(cli.command, Command::Serve(_)) {
        for old in &config.old_names {
            eprintln!("pointsman: {old}");
        }
    }
    let db = || anyhow::Ok(cli.db.clone().connected_by(config.store.connection()?));
    let file =
        |remedy| cli.db.file().ok_or_else(|| StoreError::NotAFile { location: cli.db.clone(), remedy });
    match cli.command {
        Command::Serve(_) => commands::serve::run(&db()?, source, config).await,
        Command::CheckConfig(options) => commands::check_config::run(&cli.db, &source, options.print),
        Command::Init(options) => commands::init::run(&db()?, options, &config).await,
        Command::Replay(options) => commands::replay::run(&db()?, options, &config).await,
        Command::Report(options) => commands::report::run(&db()?, options, &config).await,
        Command::Explain(options) => commands::explain::run(&db()?, options, &config).await,
        Command::Draft(options) => commands::draft::run(&db()?, options, &config).await,
        Command::Accept(options) => commands::decide::accept(&db()?, options, &config).await,
        Command::Dismiss(options) => commands::decide::dismiss(&db()?, options, &config).await,
        Command::Snooze(options) => commands::decide::snooze(&db()?, options, &config).await,
        Command::Applied(options) => commands::decide::applied(&db()?, options, &config).await,
        Command::Doctor(options) => commands::doctor::run(&db()?, options, &config).await,
        Command::Trace(options) => commands::trace::run(&db()?, &options).await,
        Command::Backup(options) => {
            commands::backup::run(
                file("back it up with pg_dump, or with what its server has for it")?,
                &options,
            )
            .await
        }
        #[cfg(feature = "postgres")]
        Command::Copy(options) => commands::copy::run(options, &config).await,
        #[cfg(not(feature = "postgres"))]
        Command::Copy(_) => anyhow::bail!("this program was built without PostgreSQL"),
        Command::Forget(options) => commands::forget::run(&db()?, options, &config).await,
        Command::Reindex => commands::reindex::run(&db()?, &config).await,
        Command::Recover(options) => {
            commands::recover::run(file("restore a backup of its server")?, &options).await
        }
        Command::Capture(options) => commands::capture::run(options, &config).await,
        Command::Check(options) => commands::check::run(&db()?, options, config).await,
        Command::Health(options) => commands::health::run(options, &config),
        Command::Demo(options) => commands::demo::run(options).await,
        Command::Mcp(options) => commands::mcp::run(&db()?, options, config).await,
        Command::Agents(options) => commands::agents::run(&db()?, &options, &config),
        Command::Completions(options) => commands::shell::completions(&options),
        Command::Man(options) => commands::shell::manual(&options),
        Command::Link(options) => commands::link::run(&options),
    }
}
