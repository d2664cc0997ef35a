//! Where the daemon listens: addresses, sockets, and who serves what on which.

use std::net::SocketAddr;
use std::time::Duration;

use pointsman_collector::ingest::Intake;
use pointsman_collector::receive::access::Access;
use pointsman_collector::receive::{self, Listener, Protocol};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::descriptors;
use crate::config::{self, Config, Receivers};
use crate::stopping::until;
use crate::web::Site;

/// Connections to a listener of metrics alone: a few scrapers.
const SCRAPERS: usize = 16;

/// Where to listen; `None` where it is switched off.
pub(super) struct Addresses {
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    pub(super) pages: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
}

/// Sockets that are bound and not served yet.
pub(super) struct Sockets {
    grpc: Option<Listener>,
    http: Option<Listener>,
    pages: Option<Listener>,
    metrics: Option<Listener>,
}

/// What is served on which socket.
pub(super) struct Served {
    pub(super) receivers: Receivers,
    pub(super) intake: Intake,
    /// Pages, and metrics alone.
    pub(super) site: Site,
    pub(super) metrics: Site,
    /// How many readers may connect, and how long they may take over an answer.
    pub(super) readers: Access,
    pub(super) answer_timeout: Duration,
}

impl Addresses {
    /// Says so when other machines may send and nobody asks who they are.
    pub(super) fn warn_if_open(&self, receivers: &Receivers) {
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
            "anyone who reaches this address can send spans that change the advice: set {} or --otlp-tokens-file, \
             or demand client certificates with --otlp-tls-client-ca, or listen on 127.0.0.1",
            config::TOKENS_VARIABLE
        );
    }

    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let address = |flag: &str, text: &str| {
            config::address(text).map_err(|fault| anyhow::anyhow!("{flag} {text}: {fault}"))
        };
        Ok(Self {
            grpc: address("--otlp-grpc", &config.serve.otlp_grpc)?,
            http: address("--otlp-http", &config.serve.otlp_http)?,
            pages: address("--listen", &config.serve.listen)?,
            metrics: address("--metrics-listen", &config.pages.metrics_listen)?,
        })
    }

    pub(super) async fn bind(&self) -> anyhow::Result<Sockets> {
        let listener = async |protocol, address: Option<SocketAddr>| match address {
            Some(address) => Listener::bind(protocol, address).await.map(Some),
            None => Ok(None),
        };
        let grpc = listener(Protocol::Grpc, self.grpc).await?;
        let http = listener(Protocol::Http, self.http).await?;
        let pages = listener(Protocol::Pages, self.pages).await?;
        let metrics = listener(Protocol::Metrics, self.metrics).await?;
        Ok(Sockets { grpc, http, pages, metrics })
    }
}

impl Served {
    /// All listeners together leave descriptors for the database.
    pub(super) fn leave_descriptors(&mut self) {
        let Receivers { grpc, http } = &mut self.receivers;
        descriptors::leave_some(&mut [
            &mut grpc.access.max_connections,
            &mut http.access.max_connections,
            &mut self.readers.max_connections,
        ]);
    }
}

impl Sockets {
    /// Where the pages will be, unless they are off.
    pub(super) fn pages_address(&self) -> Option<SocketAddr> {
        self.pages.as_ref().map(Listener::local_addr)
    }

    pub(super) fn serve(
        self,
        served: &Served,
        stopped: &watch::Receiver<bool>,
        tasks: &mut JoinSet<anyhow::Result<()>>,
    ) {
        let Served { receivers, intake, .. } = served;
        if let Some(listener) = self.grpc {
            info!(address = %listener.local_addr(), "receiving OTLP over gRPC");
            let (intake, settings, stop) = (intake.clone(), receivers.grpc.clone(), until(stopped));
            tasks.spawn(async { Ok(receive::grpc::serve(listener, intake, settings, stop).await?) });
        }
        if let Some(listener) = self.http {
            info!(address = %listener.local_addr(), "receiving OTLP over HTTP");
            let (intake, settings, stop) = (intake.clone(), receivers.http.clone(), until(stopped));
            tasks.spawn(async { Ok(receive::http::serve(listener, intake, settings, stop).await?) });
        }
        if let Some(listener) = self.metrics {
            info!("metrics at http://{}/metrics", listener.local_addr());
            let scrapers = served.readers.max_connections.min(SCRAPERS);
            let access = Access { max_connections: scrapers, ..served.readers.clone() };
            served.serve_readers(listener, access, &served.metrics, stopped, tasks);
        }
        if let Some(listener) = self.pages {
            info!("pages and metrics at http://{}/", listener.local_addr());
            served.serve_readers(listener, served.readers.clone(), &served.site, stopped, tasks);
        }
    }
}

impl Served {
    fn serve_readers(
        &self,
        listener: Listener,
        access: Access,
        site: &Site,
        stopped: &watch::Receiver<bool>,
        tasks: &mut JoinSet<anyhow::Result<()>>,
    ) {
        let (router, stop, within) = (site.router(), until(stopped), self.answer_timeout);
        let metrics = self.intake.metrics().clone();
        tasks.spawn(async move {
            Ok(receive::serve_router(listener, router, &access, within, &metrics, stop).await?)
        });
    }
}
