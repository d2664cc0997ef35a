//! The connections of whatever speaks HTTP, OTLP or pages: 1.1 and 2 on one port, with limits on what a peer may keep open,
//! how much of a head it may send, and how long it may take to read an answer. What is asked and answered is the router's
//! business, of which there is one for all connections.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use prometheus::IntCounter;
use tower::Service;
use tracing::debug;

use super::access::seats::{Busy, Seat};
use super::access::{Access, Incoming};
use super::taken::Taken;
use super::{Listener, ServeError};
use crate::metrics::Metrics;

/// Largest head of a request over HTTP/1.1, bytes; a body is read in pieces of this size.
const LARGEST_HEAD: usize = 64 << 10;

/// Serves a router to readers until `stop` ends; then answers what it was answering, closes what is idle, and returns. An answer
/// that is not taken within the time breaks off.
///
/// # Errors
/// Never: what fails is a connection, and ends alone.
pub async fn serve_router(
    listener: Listener,
    router: Router,
    access: &Access,
    within: Duration,
    metrics: &Metrics,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let given_up = metrics.access.connections_silent.with_label_values(&[listener.protocol().as_str()]);
    let incoming = Incoming::open(listener, access, metrics.clone(), stop, || ());
    serve(incoming, router, access, Some(within), given_up).await;
    Ok(())
}

/// Serves until there are no further connections; then answers what it was answering.
pub(super) async fn serve(
    mut incoming: Incoming,
    router: Router,
    access: &Access,
    within: Option<Duration>,
    given_up: IntCounter,
) {
    let builder = builder(access);
    let open = GracefulShutdown::new();
    while let Some(connection) = incoming.next().await {
        let service = Seated { router: router.clone(), seat: connection.seat(), within };
        let connection =
            builder.serve_connection(TokioIo::new(connection), TowerToHyperService::new(service));
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

/// The router as one connection sees it. A router is cheap to clone: all clones share their routes.
#[derive(Clone)]
struct Seated {
    router: Router,
    seat: Arc<Seat>,
    within: Option<Duration>,
}

impl<B> Service<Request<B>> for Seated
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let busy = Busy::new(Arc::clone(&self.seat));
        let within = self.within;
        request.extensions_mut().insert(Arc::clone(&self.seat));
        let answer = Service::call(&mut self.router, request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(Taken::new(body, Some(busy), within))))
        })
    }
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
