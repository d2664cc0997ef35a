//! The connections of OTLP over HTTP: 1.1 and 2 on one port, with limits on what a peer may keep open and how much
//! of a head it may send. What is asked and answered is `http`'s business.

use std::error::Error;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use prometheus::IntCounter;
use tracing::debug;

use super::access::{Access, Incoming};

/// Largest head of a request over HTTP/1.1, bytes; a body is read in pieces of this size.
const LARGEST_HEAD: usize = 64 << 10;

/// Serves until there are no further connections; then answers what it was answering.
pub(super) async fn serve(mut incoming: Incoming, router: Router, access: &Access, given_up: IntCounter) {
    let builder = builder(access);
    let service = TowerToHyperService::new(router);
    let open = GracefulShutdown::new();
    while let Some(connection) = incoming.next().await {
        let connection = builder.serve_connection(TokioIo::new(connection), service.clone());
        let connection = open.watch(connection.into_owned());
        let given_up = given_up.clone();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                if is_late_head(&*error) {
                    given_up.inc();
                }
                debug!("a connection over HTTP ended: {error}");
            }
        });
    }
    open.shutdown().await;
}

fn builder(access: &Access) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // It runs from the end of the request before.
        .header_read_timeout(access.idle)
        .max_buf_size(LARGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(access.max_concurrent_streams)
        .keep_alive_interval(access.keepalive)
        .keep_alive_timeout(access.keepalive_timeout);
    builder
}

/// Whether the head of a request did not arrive in time. A connection on which nothing moves at all ends with an
/// error of its own, which has been counted by then.
fn is_late_head(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_timeout() && error.source().is_none())
}
