//! `pointsman serve`: the daemon. Binds everything before it calls itself ready; stops in stages within one deadline: first
//! upkeep, then the receivers and reports, then the pipeline, then the file.

mod listen;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pointsman_collector::ingest::Pipeline;
use pointsman_collector::metrics::Metrics;
use pointsman_store::Store;
use prometheus::Registry;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use self::listen::Addresses;
use super::secret;
use crate::advise::{Advisor, Keeping};
use crate::cli::{ServeOptions, USUAL_WINDOW, Until, View};
use crate::config::Config;
use crate::metrics::Metrics as OwnMetrics;
use crate::publish::Publisher;
use crate::upkeep::Upkeep;
use crate::web;

/// A run of the advisor is followed by so many times its duration without one: under load, when the hour that runs is
/// counted anew each time, it takes at most a twentieth of a core.
const REST: u32 = 19;

/// Runs until SIGINT or SIGTERM.
pub(crate) async fn run(db: &Path, options: ServeOptions, mut config: Config) -> anyhow::Result<ExitCode> {
    init_logging();
    let mut signals = Signals::expected()?;
    listen::prefer(options, &mut config);
    let addresses = Addresses::of(&config)?;
    let receivers = config.otlp.receivers()?;
    let access = web::Access::new(config.pages.keys(addresses.pages)?, &config.pages.hosts);
    let sockets = addresses.bind().await?;
    let store = Store::open(db).await?;
    let registry = Registry::new();
    let metrics = Metrics::register(&registry)?;
    let pipeline = Pipeline::start(store.clone(), config.otlp.pipeline(secret()?), metrics).await?;
    let own_metrics = OwnMetrics::register(&registry)?;
    let config = Arc::new(config);
    let publisher = Publisher::new(store.clone(), config.clone(), &registry)?;
    let board = Arc::new(web::Board::new(registry)?);
    let web = web::Web::new(store.clone(), config.clone(), board.clone());

    let within = Duration::from_secs(config.serve.stop_within_s);
    let (end_upkeep, upkeep_ended) = watch::channel(false);
    let (stop, stopped) = watch::channel(false);
    let upkeep = Upkeep {
        store: store.clone(),
        retention: config.retention.clone(),
        metrics: own_metrics,
        stopped: upkeep_ended,
    };
    let mut upkeeping = JoinSet::new();
    upkeeping.spawn(upkeep.clone().keep_within_limits());
    upkeeping.spawn(upkeep.check_again_and_again());
    let mut tasks = JoinSet::new();
    addresses.warn_if_open(&receivers);
    publisher.start(&stopped, &mut tasks);
    tasks.spawn(advise_again_and_again(store.clone(), config, board, stopped.clone()));
    sockets.serve(receivers, &pipeline, (web, access), &stopped, &mut tasks);
    info!(db = %db.display(), "ready");

    wait_for_end(&mut signals, &mut tasks, &mut upkeeping).await?;
    info!(within_s = within.as_secs(), "stopping; a second signal ends at once");
    let finish = async {
        let _ = end_upkeep.send(true);
        while upkeeping.join_next().await.is_some() {}
        info!("stopped: upkeep");
        let _ = stop.send(true);
        while tasks.join_next().await.is_some() {}
        info!("stopped: receivers, pages and reports");
        match pipeline.stop(within).await {
            Ok(()) => info!("stopped: commit and extraction"),
            Err(unfinished) => warn!("{unfinished}"),
        }
        store.close().await;
    };
    tokio::select! {
        () = finish => info!("stopped"),
        () = tokio::time::sleep(within) => warn!("stopped at the deadline; nothing acknowledged is lost"),
        () = signals.next() => warn!("stopped at once by a second signal; nothing acknowledged is lost"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps the board's reports current. A run that fails is logged and tried again at its next time.
async fn advise_again_and_again(
    store: Store,
    config: Arc<Config>,
    board: Arc<web::Board>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let advisor = Advisor::new(&store, &config);
    let view = View { window: USUAL_WINDOW, until: Until::Now, service: None };
    let every = Duration::from_secs(config.serve.advise_every_s.max(1));
    let stop = until(&stopped);
    tokio::pin!(stop);
    loop {
        let (begin, run) = (std::time::Instant::now(), board.begin_run());
        let advised = tokio::select! {
            () = &mut stop => return Ok(()),
            advised = advisor.outlooks(&view, Keeping::Runs) => advised,
        };
        let took = begin.elapsed();
        match advised {
            Ok(outlooks) => board.show(run, outlooks, took),
            Err(error) => {
                error!("the advisor failed: {error:#}");
                board.count_failure(run);
            }
        }
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = board.asked() => {}
            () = tokio::time::sleep(every.max(took * REST)) => {}
        }
    }
}

/// Ends when the daemon is told to stop.
fn until(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    async move {
        // An error means that the sender is gone: then it is time to stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}

/// Waits for a signal, or for a part that ended by itself.
async fn wait_for_end(
    signals: &mut Signals,
    tasks: &mut JoinSet<anyhow::Result<()>>,
    upkeep: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        () = signals.next() => Ok(()),
        Some(ended) = tasks.join_next() => ended.context("a part of the daemon panicked")?,
        Some(ended) = upkeep.join_next() => ended.context("a part of the daemon panicked")?,
    }
}

/// SIGINT and SIGTERM. They are expected from the first moment on, so that none ends the daemon as it would end a
/// program that knows nothing of them.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn expected() -> anyhow::Result<Self> {
        let expect = |kind, name| signal(kind).with_context(|| format!("cannot wait for {name}"));
        Ok(Self {
            interrupt: expect(SignalKind::interrupt(), "SIGINT")?,
            terminate: expect(SignalKind::terminate(), "SIGTERM")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Logs go to standard error; `RUST_LOG` chooses how much.
fn init_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
