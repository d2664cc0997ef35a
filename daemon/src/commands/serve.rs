//! `pointsman serve`: the daemon. Binds everything before it calls itself ready; stops in stages within one deadline: first
//! upkeep, then the receivers and reports, then the pipeline, then the file.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pointsman_collector::ingest::Pipeline;
use pointsman_collector::metrics::Metrics;
use pointsman_collector::receive::{self, Listener, Protocol};
use pointsman_store::Store;
use prometheus::Registry;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::secret;
use crate::advise::{Advisor, Keeping};
use crate::cli::{AccessOptions, ServeOptions, USUAL_WINDOW, Until, View};
use crate::config::{self, Config, Otlp, Receivers, Serve};
use crate::metrics::Metrics as OwnMetrics;
use crate::upkeep::Upkeep;
use crate::web;

/// A run of the advisor is followed by so many times its duration without one: under load, when the hour that runs is
/// counted anew each time, it takes at most a twentieth of a core.
const REST: u32 = 19;

/// Where to listen; `None` where it is switched off.
struct Addresses {
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    pages: Option<SocketAddr>,
}

/// Sockets that are bound and not served yet.
struct Sockets {
    grpc: Option<Listener>,
    http: Option<Listener>,
    pages: Option<tokio::net::TcpListener>,
}

/// Runs until SIGINT or SIGTERM.
pub(crate) async fn run(db: &Path, options: ServeOptions, mut config: Config) -> anyhow::Result<ExitCode> {
    init_logging();
    let mut signals = Signals::expected()?;
    let addresses = Addresses::of(&options, &config.serve)?;
    prefer(options.access, &mut config.otlp);
    let receivers = config.otlp.receivers()?;
    let sockets = addresses.bind().await?;
    let store = Store::open(db).await?;
    let registry = Registry::new();
    let metrics = Metrics::register(&registry)?;
    let pipeline = Pipeline::start(store.clone(), config.otlp.pipeline(secret()?), metrics).await?;
    let own_metrics = OwnMetrics::register(&registry)?;
    let board = Arc::new(web::Board::new(registry)?);

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
    tasks.spawn(advise_again_and_again(store.clone(), config, board.clone(), stopped.clone()));
    sockets.serve(receivers, &pipeline, &board, &stopped, &mut tasks);
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

/// Flags and environment win over the file.
fn prefer(options: AccessOptions, otlp: &mut Otlp) {
    for (given, setting) in [
        (options.otlp_tls_certificate, &mut otlp.tls_certificate),
        (options.otlp_tls_key, &mut otlp.tls_key),
        (options.otlp_tls_client_ca, &mut otlp.tls_client_ca),
        (options.otlp_tokens_file, &mut otlp.tokens_file),
    ] {
        if given.is_some() {
            *setting = given;
        }
    }
}

impl Addresses {
    /// Says so when other machines may send and nobody asks who they are.
    fn warn_if_open(&self, receivers: &Receivers) {
        let reachable: Vec<_> = [self.grpc, self.http]
            .into_iter()
            .flatten()
            .filter(|address| !address.ip().is_loopback())
            .collect();
        let (Some(address), false) = (reachable.first(), receivers.http.access.knows_its_senders()) else {
            return;
        };
        warn!(
            %address,
            "anyone who reaches this address can send spans that the advice will rest on: set {} or --otlp-tokens-file, \
             or demand client certificates with --otlp-tls-client-ca, or listen on 127.0.0.1",
            config::TOKENS_VARIABLE
        );
    }

    fn of(options: &ServeOptions, serve: &Serve) -> anyhow::Result<Self> {
        let address = |flag: &str, given: &Option<String>, default: &String| {
            let text = given.as_ref().unwrap_or(default);
            config::address(text).map_err(|fault| anyhow::anyhow!("{flag} {text}: {fault}"))
        };
        Ok(Self {
            grpc: address("--otlp-grpc", &options.otlp_grpc, &serve.otlp_grpc)?,
            http: address("--otlp-http", &options.otlp_http, &serve.otlp_http)?,
            pages: address("--listen", &options.listen, &serve.listen)?,
        })
    }

    async fn bind(&self) -> anyhow::Result<Sockets> {
        let listener = async |protocol, address: Option<SocketAddr>| match address {
            Some(address) => Listener::bind(protocol, address).await.map(Some),
            None => Ok(None),
        };
        let grpc = listener(Protocol::Grpc, self.grpc).await?;
        let http = listener(Protocol::Http, self.http).await?;
        let pages = match self.pages {
            None => None,
            Some(address) => Some(
                tokio::net::TcpListener::bind(address).await.map_err(|error| no_pages(address, &error))?,
            ),
        };
        Ok(Sockets { grpc, http, pages })
    }
}

fn no_pages(address: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    anyhow::anyhow!(
        "cannot listen for pages on {address}: {error}; stop the program that uses it, choose another address with \
         --listen ADDR, or switch them off with --listen off"
    )
}

impl Sockets {
    fn serve(
        self,
        receivers: Receivers,
        pipeline: &Pipeline,
        board: &Arc<web::Board>,
        stopped: &watch::Receiver<bool>,
        tasks: &mut JoinSet<anyhow::Result<()>>,
    ) {
        if let Some(listener) = self.grpc {
            info!(address = %listener.local_addr(), "receiving OTLP over gRPC");
            let (intake, settings, stop) = (pipeline.intake(), receivers.grpc, until(stopped));
            tasks.spawn(async { Ok(receive::grpc::serve(listener, intake, settings, stop).await?) });
        }
        if let Some(listener) = self.http {
            info!(address = %listener.local_addr(), "receiving OTLP over HTTP");
            let (intake, settings, stop) = (pipeline.intake(), receivers.http, until(stopped));
            tasks.spawn(async { Ok(receive::http::serve(listener, intake, settings, stop).await?) });
        }
        if let Some(listener) = self.pages {
            if let Ok(address) = listener.local_addr() {
                info!("pages and metrics at http://{address}/");
            }
            let (router, stop) = (web::router(board.clone()), until(stopped));
            tasks.spawn(async { Ok(axum::serve(listener, router).with_graceful_shutdown(stop).await?) });
        }
    }
}

/// Keeps the board's reports current. A run that fails is logged and tried again at its next time.
async fn advise_again_and_again(
    store: Store,
    config: Config,
    board: Arc<web::Board>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let advisor = Advisor::new(&store, &config);
    let view = View { window: USUAL_WINDOW, until: Until::Now, service: None };
    let every = Duration::from_secs(config.serve.advise_every_s.max(1));
    let stop = until(&stopped);
    tokio::pin!(stop);
    loop {
        let begin = std::time::Instant::now();
        let advised = tokio::select! {
            () = &mut stop => return Ok(()),
            advised = advisor.reports(&view, Keeping::Runs) => advised,
        };
        let took = begin.elapsed();
        match advised {
            Ok(reports) => board.show(reports, took),
            Err(error) => {
                error!("the advisor failed: {error:#}");
                board.count_failure();
            }
        }
        tokio::select! {
            () = &mut stop => return Ok(()),
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
