//! `pointsman mcp`: a coding agent's server on standard input and output, over a database or in front of a running daemon. What
//! is asked and answered is `web::mcp`'s business.

mod bridge;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use pointsman_store::{Location, Store};
use prometheus::Registry;
use rmcp::transport::async_rw::AsyncRwTransport;

use super::open_existing;
use crate::advise::{Advisor, Keeping};
use crate::cli::{McpOptions, USUAL_WINDOW, View};
use crate::config::{Config, Current};
use crate::web::{Agents, Board, Desk, Web};

/// A longer line from an agent is dropped, bytes: a call of a tool has a few hundred.
const LONGEST_LINE: usize = 64 << 10;

/// Answers until the agent closes standard input.
pub(crate) async fn run(db: &Location, options: McpOptions, mut config: Config) -> anyhow::Result<ExitCode> {
    if let Some(url) = &options.url {
        return bridge::run(url, options.token_file.as_deref()).await;
    }
    config.mcp.allow_decisions |= options.allow_decisions;
    let store = open_existing(db).await?;
    let answered = answer(&store, options, config).await;
    store.close().await;
    answered
}

async fn answer(store: &Store, options: McpOptions, config: Config) -> anyhow::Result<ExitCode> {
    let renewed_after = Duration::from_secs(config.serve.advice_interval_s);
    let board = Arc::new(Board::new(Registry::new())?);
    let (_in_force, current) = Current::new(config);
    let web = Web::new(store.clone(), current.clone(), Arc::clone(&board)).deciding_at(options.until);
    let agents = Agents::new(Desk::renewing(web, renewed_after));
    let view = View { window: USUAL_WINDOW, until: options.until, service: options.service };
    let transport = AsyncRwTransport::new_server(tokio::io::stdin(), tokio::io::stdout())
        .with_max_line_length(LONGEST_LINE);
    let served = async {
        let serving = rmcp::serve_server(agents, transport).await;
        let serving = serving.context("the agent did not begin as the Model Context Protocol wants it")?;
        serving.waiting().await.context("the agent's server panicked").map(drop)
    };
    tokio::select! {
        served = served => served?,
        () = advise_when_asked(store, &current, &board, &view) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks anew each time a tool finds the last look too old.
async fn advise_when_asked(store: &Store, current: &Current, board: &Board, view: &View) {
    loop {
        board.asked().await;
        let (begin, run) = (Instant::now(), board.begin_run());
        let config = current.get();
        let advisor = Advisor::new(store, &config);
        let outlooks = advisor.outlooks(view, Keeping::RunsAndFirstLook).await;
        board.count_left_out(advisor.left_out());
        match outlooks {
            Ok(outlooks) => board.show(run, outlooks, begin.elapsed()),
            Err(error) => {
                eprintln!("pointsman: the advisor failed: {error:#}");
                board.count_failure(run);
            }
        }
    }
}
