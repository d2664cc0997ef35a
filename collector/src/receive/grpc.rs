//! OTLP over gRPC. Traces are stored (`grpc_traces`); metrics, logs and profiles are answered politely and ignored
//! (`grpc_ignored`). Connections and HTTP/2 are tonic's business, messages are read by `grpc_message`.

use std::time::Duration;

use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::grpc_ignored::{Ignored, Logs, Metrics, Profiles};
use super::grpc_message::Bounds;
use super::grpc_traces::Traces;
use super::grpc_unary::Unary;
use super::{Listener, ServeError};
use crate::ingest::Intake;

/// Limits of the gRPC server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Largest message, as sent and inflated.
    pub max_message_bytes: usize,
    /// How long a message may take to arrive.
    pub read_timeout: Duration,
    /// Requests that one connection may have in flight.
    pub max_concurrent_streams: u32,
    /// How often a silent connection is asked whether it is still there.
    pub keepalive: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            read_timeout: Duration::from_secs(30),
            max_concurrent_streams: 32,
            keepalive: Duration::from_secs(60),
        }
    }
}

/// Serves until `stop` ends; then answers what it was answering and returns.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: Listener,
    intake: Intake,
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let protocol = listener.protocol();
    let bounds = Bounds { bytes: settings.max_message_bytes, within: settings.read_timeout };
    let traces = Traces { intake: intake.clone(), bounds };
    let metrics = Ignored::<Metrics>::new(intake.clone(), bounds);
    let logs = Ignored::<Logs>::new(intake.clone(), bounds);
    let profiles = Ignored::<Profiles>::new(intake, bounds);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<Unary<Traces>>().await;
    Server::builder()
        .max_concurrent_streams(settings.max_concurrent_streams)
        .http2_keepalive_interval(Some(settings.keepalive))
        .add_service(Unary(traces))
        .add_service(Unary(metrics))
        .add_service(Unary(logs))
        .add_service(Unary(profiles))
        .add_service(health_service)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener.socket).with_nodelay(Some(true)), stop)
        .await
        .map_err(|error| ServeError { protocol, reason: error.to_string() })
}
