//! Where the daemon listens: addresses, sockets, and who serves what on which.

use std::net::SocketAddr;

use pointsman_collector::ingest::Pipeline;
use pointsman_collector::receive::{self, Listener, Protocol};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::until;
use crate::config::{self, Config, Receivers};
use crate::web::{self, Web};

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
    pages: Option<TcpListener>,
    metrics: Option<TcpListener>,
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
            "anyone who reaches this address can send spans that the advice will rest on: set {} or --otlp-tokens-file, \
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
        let pages = bind("--listen", "pages", self.pages).await?;
        let metrics = bind("--metrics-listen", "metrics", self.metrics).await?;
        Ok(Sockets { grpc, http, pages, metrics })
    }
}

async fn bind(flag: &str, what: &str, address: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!(
            "cannot listen for {what} on {address}: {error}; stop the program that uses it, choose another address with \
             {flag} ADDR, or switch them off with {flag} off"
        )
    })?;
    Ok(Some(listener))
}

impl Sockets {
    pub(super) fn serve(
        self,
        receivers: Receivers,
        pipeline: &Pipeline,
        (web, access): (Web, web::Access),
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
        if let Some(listener) = self.metrics {
            if let Ok(address) = listener.local_addr() {
                info!("metrics at http://{address}/metrics");
            }
            let (router, stop) = (web::metrics_router(web.clone()), until(stopped));
            tasks.spawn(async { Ok(axum::serve(listener, router).with_graceful_shutdown(stop).await?) });
        }
        if let Some(listener) = self.pages {
            if let Ok(address) = listener.local_addr() {
                info!("pages and metrics at http://{address}/");
            }
            let (router, stop) = (web::router(web, access), until(stopped));
            tasks.spawn(async { Ok(axum::serve(listener, router).with_graceful_shutdown(stop).await?) });
        }
    }
}
