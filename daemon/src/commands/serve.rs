//! `pointsman serve`: the daemon. Binds everything before it calls itself ready; stops in stages within one deadline: upkeep and
//! the receivers and reports, then the pipeline, then the file.

mod descriptors;
mod listen;
mod open;
mod reload;

use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pointsman_collector::ingest::{Intake, Pipeline, Settings};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::observed::Observed;
use pointsman_store::{Location, Store, StoreError, Work};
use prometheus::Registry;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span, warn};

use self::listen::{Addresses, Served};
use self::reload::{Reloader, Reloads};
use crate::advise::{Advisor, Keeping};
use crate::cli::{USUAL_WINDOW, Until, View};
use crate::config::{self, Config, Current, Receivers, Source};
use crate::manager;
use crate::metrics::{Metrics as OwnMetrics, ObservedMetrics};
use crate::publish::Publisher;
use crate::stopping::until;
use crate::telemetry::{self, TRACED};
use crate::upkeep::Upkeep;
use crate::web::{self, Site};

/// A run of the advisor is followed by so many times its duration without one: under load, when the hour that runs is
/// counted anew each time, it takes at most a twentieth of a core.
const REST: u32 = 19;

/// Between runs until the first calls arrive, when a run costs nothing; then each pause is twice as long, up to the usual one. Who has just
/// set up an app looks at the page at once, and it must not say for a minute that nothing has arrived.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How long a collector counts for all without asking again, in pauses between runs and beyond them: a run may take a while.
const LEADS_FOR: u32 = 2;
const LEADS_AT_LEAST: Duration = Duration::from_secs(10);

/// Of the time for the end, the receivers, pages and reports have this share: what follows must have some too.
const SHARE_OF_SERVERS: f64 = 0.5;

/// Shows somebody in who waits for the pages: it gets their address, unless they are off, and the board.
pub(crate) type Welcome =
    Box<dyn FnOnce(Option<SocketAddr>, Arc<web::Board>) -> Pin<Box<dyn Future<Output = ()> + Send>>>;

/// What differs where another command serves.
pub(crate) struct Guest {
    pub(crate) hangup: Hangup,
    /// Runs once the pages are served.
    pub(crate) welcome: Welcome,
}

/// What SIGHUP means: a terminal that is closed sends it too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Hangup {
    /// The configuration is reloaded.
    Reloads,
    /// The end.
    Ends,
}

/// Runs until SIGINT or SIGTERM; SIGHUP has it read its configuration anew.
pub(crate) async fn run(db: &Location, source: Source, config: Config) -> anyhow::Result<ExitCode> {
    let guest = Guest { hangup: Hangup::Reloads, welcome: Box::new(|_, _| Box::pin(async {})) };
    run_with(db, source, config, guest).await
}

/// The same for a command that serves something of its own.
pub(crate) async fn run_with(
    db: &Location,
    source: Source,
    config: Config,
    guest: Guest,
) -> anyhow::Result<ExitCode> {
    let registry = Registry::new();
    let own_traces = telemetry::begin(&config, &registry)?;
    for old in &config.old_names {
        warn!("{old}");
    }
    let mut signals = Signals::expected(guest.hangup)?;
    let addresses = Addresses::of(&config)?;
    let receivers = config.otlp.receivers()?;
    let keys = config.pages.keys(addresses.pages)?;
    let access = web::Access::new(keys.clone(), &config.pages.hosts);
    let sockets = addresses.bind().await?;
    let pages = sockets.pages_address();
    let mut served = served(&config, &registry, receivers)?;
    served.leave_descriptors();
    let within = Duration::from_secs(config.serve.shutdown_timeout_s);
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let serve = |tasks: &mut JoinSet<_>| sockets.serve(&served, &stopped, tasks);
    let Some((opened, serve)) = opened(db, &served, serve, &mut tasks, &mut signals).await? else {
        info!("stopped before the database could be opened");
        return Ok(ExitCode::SUCCESS);
    };
    let (store, pipeline) = opened;
    let own_metrics = OwnMetrics::register(&registry)?;
    let (in_force, current) = Current::new(config);
    let publisher = Publisher::new(store.clone(), current.clone(), &registry)?;
    let reloads = Reloads::register(&registry)?;
    let board = Arc::new(web::Board::new(registry.clone())?);
    let reloader = Arc::new(Reloader {
        source,
        in_force,
        current: current.clone(),
        senders: served.receivers.http.access.clone(),
        readers: keys,
        board: board.clone(),
        metrics: reloads,
    });
    let web = web::Web::new(store.clone(), current.clone(), board.clone());
    let response_buffer_bytes =
        usize::try_from(current.get().pages.response_buffer_bytes).unwrap_or(usize::MAX);
    let readers = web::Readers::new(response_buffer_bytes, &registry, generation(&board, &current))?;

    let (end_upkeep, upkeep_ended) = watch::channel(false);
    let upkeep =
        Upkeep { store: store.clone(), config: current.clone(), metrics: own_metrics, stopped: upkeep_ended };
    let mut upkeeping = JoinSet::new();
    upkeeping.spawn(upkeep.clone().keep_within_limits());
    upkeeping.spawn(upkeep.clone().watch_place());
    upkeeping.spawn(upkeep.check_again_and_again());
    addresses.warn_if_open(&served.receivers);
    publisher.start(&stopped, &mut tasks);
    let shown = Arc::clone(&board);
    tasks.spawn(advise_again_and_again(store.clone(), current, board, stopped.clone()));
    served.metrics.open(web::metrics_router(web.clone(), readers.clone()));
    served.site.open(web::router(web, access, readers, web::Room::new(&registry)?));
    if let Some(serve) = serve {
        serve(&mut tasks);
    }
    tasks.spawn(manager::feed_watchdog(pipeline.monitor(), stopped.clone()));
    tokio::spawn((guest.welcome)(pages, shown));
    info!(db = %db, "ready");
    manager::ready();

    if let Err(fault) = wait_for_end(&mut signals, &reloader, &mut tasks, &mut upkeeping).await {
        abandon_if_replaced(&fault, &store, db, within).await;
        return Err(fault);
    }
    manager::stopping();
    info!(within_s = within.as_secs(), "stopping; a second signal ends at once");
    let _ = end_upkeep.send(true);
    let _ = stop.send(true);
    let finish = finish(upkeeping, tasks, pipeline, store, within);
    tokio::select! {
        () = async { finish.await; own_traces.end().await } => info!("stopped"),
        () = tokio::time::sleep(within) => warn!("stopped at the deadline; nothing acknowledged is lost"),
        () = signals.end() => warn!("stopped at once by a second signal; nothing acknowledged is lost"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is served on which socket; nothing is open behind it yet.
fn served(config: &Config, registry: &Registry, receivers: Receivers) -> anyhow::Result<Served> {
    let metrics = Metrics::register(registry)?;
    let observed = Observed::new(config.metrics.max_handlers);
    registry.register(Box::new(ObservedMetrics::new(observed.clone())?))?;
    let settings = Settings { observed, ..config.otlp.pipeline(config::awaited_secret(config)?) };
    Ok(Served {
        receivers,
        intake: Intake::waiting(settings, metrics),
        site: Site::default(),
        metrics: Site::default(),
        readers: config.pages.limits(),
        answer_timeout: config.pages.answer_timeout(),
    })
}

/// The log of a file that was replaced must not be taken for that of its successor.
async fn abandon_if_replaced(fault: &anyhow::Error, store: &Store, db: &Location, within: Duration) {
    let Some(StoreError::Replaced { .. }) = fault.downcast_ref() else { return };
    match tokio::time::timeout(within, store.abandon()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            error!(%error, "the log of the replaced database is still there: remove {}-wal", db);
        }
        Err(_) => error!("the replaced database was not closed in time: remove {}-wal", db),
    }
}

/// Ends everything in stages; each has its share of the time.
async fn finish(
    mut upkeeping: JoinSet<anyhow::Result<()>>,
    mut tasks: JoinSet<anyhow::Result<()>>,
    pipeline: Pipeline,
    store: Store,
    within: Duration,
) {
    let begun = std::time::Instant::now();
    all_ended(&mut upkeeping).await;
    info!("stopped: upkeep");
    end_servers(&mut tasks, within.mul_f64(SHARE_OF_SERVERS)).await;
    match pipeline.stop(within.saturating_sub(begun.elapsed())).await {
        Ok(()) => info!("stopped: commit and extraction"),
        Err(unfinished) => warn!("{unfinished}"),
    }
    store.close().await;
}

/// Opens the database; where its disk is full or its server away, serves what can be served and waits for it. What is returned
/// with it serves, unless that was done. Nothing when a signal came first.
async fn opened<S: FnOnce(&mut JoinSet<anyhow::Result<()>>)>(
    db: &Location,
    served: &Served,
    serve: S,
    tasks: &mut JoinSet<anyhow::Result<()>>,
    signals: &mut Signals,
) -> anyhow::Result<Option<(open::Opened, Option<S>)>> {
    let Served { intake, site, .. } = served;
    let error = match open::open(db, intake).await {
        Ok(opened) => return Ok(Some((opened, Some(serve)))),
        Err(error) if error.may_pass(db) => error,
        Err(error) => return Err(error.into()),
    };
    open::tell_waiting(&error, intake, site);
    serve(tasks);
    manager::ready();
    tokio::select! {
        opened = open::open_when_it_passes(db, intake, site) => Ok(Some((opened?, None))),
        () = signals.end() => Ok(None),
    }
}

/// What the answers follow from that readers share.
fn generation(
    board: &Arc<web::Board>,
    current: &Current,
) -> impl Fn() -> web::Generation + Send + Sync + 'static {
    let (board, current) = (Arc::clone(board), current.clone());
    move || web::Generation { run: board.shown(), config: Arc::as_ptr(&current.get()).addr() }
}

/// Waits for tasks to end. What went wrong with one of them is logged: nobody else asks for it any more.
async fn all_ended(tasks: &mut JoinSet<anyhow::Result<()>>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended.context("a part of the daemon panicked").flatten() {
            warn!("while stopping: {error:#}");
        }
    }
}

/// Waits for receivers, pages and reports to end, though not for ever: the pipeline has its own end to come to.
async fn end_servers(tasks: &mut JoinSet<anyhow::Result<()>>, within: Duration) {
    if tokio::time::timeout(within, all_ended(tasks)).await.is_ok() {
        info!("stopped: receivers, pages and reports");
        return;
    }
    tasks.abort_all();
    warn!("receivers, pages or reports did not end in time and were cut off; what was acknowledged is kept");
}

/// Keeps the board's reports current. A run that fails is logged and tried again at its next time.
async fn advise_again_and_again(
    store: Store,
    config: Current,
    board: Arc<web::Board>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let view = View { window: USUAL_WINDOW, until: Until::Now, service: None };
    let every = Duration::from_secs(config.get().serve.advice_interval_s.max(1));
    let mut pause = every.min(FIRST_PAUSE);
    let stop = until(&stopped);
    tokio::pin!(stop);
    loop {
        let (begin, run) = (std::time::Instant::now(), board.begin_run());
        let config = config.get();
        let advisor = Advisor::new(&store, &config);
        let span = info_span!(target: TRACED, "advisor run", run, services = Empty, reads = Empty, otel.status_code = Empty);
        let advised = tokio::select! {
            () = &mut stop => return Ok(()),
            advised = advise(&store, &advisor, &view, every.max(pause)).instrument(span.clone()) => advised,
        };
        let took = begin.elapsed();
        span.record("reads", advisor.reads());
        board.count_left_out(advisor.left_out());
        match advised {
            Ok(outlooks) => {
                if !outlooks.is_empty() {
                    pause = every.min(pause * 2);
                }
                span.record("services", outlooks.len());
                board.show(run, outlooks, took);
            }
            Err(error) => {
                span.record("otel.status_code", "ERROR");
                error!("the advisor failed: {error:#}");
                board.count_failure(run);
            }
        }
        // It ends with the run, not with the wait after it.
        drop(span);
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = board.asked() => {}
            () = tokio::time::sleep(pause.max(took * REST)) => {}
        }
    }
}

/// Looks at everything. Of several collectors one counts and makes the runs; the others show what that one has counted.
async fn advise(
    store: &Store,
    advisor: &Advisor<'_>,
    view: &View,
    every: Duration,
) -> anyhow::Result<Vec<crate::advise::Outlook>> {
    let leads = store.leads(Work::Advice, every * LEADS_FOR + LEADS_AT_LEAST).await?;
    advisor.outlooks(view, if leads { Keeping::Runs } else { Keeping::Counted }).await
}

/// Waits for a signal, or for a part that ended by itself.
async fn wait_for_end(
    signals: &mut Signals,
    reloader: &Arc<Reloader>,
    tasks: &mut JoinSet<anyhow::Result<()>>,
    upkeep: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            wish = signals.next() => match wish {
                Wish::End => return Ok(()),
                Wish::Reload => reloader.reload().await?,
            },
            Some(ended) = tasks.join_next() => return ended.context("a part of the daemon panicked")?,
            Some(ended) = upkeep.join_next() => return ended.context("a part of the daemon panicked")?,
        }
    }
}

/// SIGINT, SIGTERM and SIGHUP. They are expected from the first moment on, so that none ends the daemon as it would end a
/// program that knows nothing of them.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    on_hangup: Wish,
}

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    End,
    Reload,
}

impl Signals {
    fn expected(hangup: Hangup) -> anyhow::Result<Self> {
        let on_hangup = match hangup {
            Hangup::Reloads => Wish::Reload,
            Hangup::Ends => Wish::End,
        };
        let expect = |kind, name| signal(kind).with_context(|| format!("cannot wait for {name}"));
        Ok(Self {
            interrupt: expect(SignalKind::interrupt(), "SIGINT")?,
            terminate: expect(SignalKind::terminate(), "SIGTERM")?,
            hangup: expect(SignalKind::hangup(), "SIGHUP")?,
            on_hangup,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.interrupt.recv() => Wish::End,
            _ = self.terminate.recv() => Wish::End,
            _ = self.hangup.recv() => self.on_hangup,
        }
    }

    async fn end(&mut self) {
        while self.next().await == Wish::Reload {}
    }
}
