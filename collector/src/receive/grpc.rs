//! OTLP over gRPC. Traces are stored (`grpc_traces`); metrics, logs and profiles are answered politely and ignored
//! (`grpc_ignored`). Connections and HTTP/2 are tonic's business, messages are read by `grpc_message`.

use std::time::Duration;

use tonic::transport::Server;

use super::access::guard::{Guard, GuardLayer};
use super::access::{Access, Incoming};
use super::grpc_ignored::{Ignored, Logs, Metrics, Profiles};
use super::grpc_message::Bounds;
use super::grpc_traces::Traces;
use super::grpc_unary::Unary;
use super::{Listener, ServeError};
use crate::ingest::Intake;

/// Limits of the gRPC server, and who may send.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest message, as sent and inflated.
    pub max_message_bytes: usize,
    /// How long a message may take to arrive.
    pub read_timeout: Duration,
    /// Who may connect, over what, how many.
    pub access: Access,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_message_bytes: 4 << 20, read_timeout: Duration::from_secs(30), access: Access::default() }
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
    let access = settings.access;
    let guard = Guard::new(protocol, &access, intake.metrics().clone());
    let stopping = intake.clone();
    let on_stop = move || stopping.give_up_arriving();
    let incoming = Incoming::open(listener, &access, intake.metrics().clone(), stop, on_stop);
    let bounds = Bounds { bytes: settings.max_message_bytes, within: settings.read_timeout };
    let traces = Traces { intake: intake.clone(), bounds };
    let metrics = Ignored::<Metrics>::new(intake.clone(), bounds);
    let logs = Ignored::<Logs>::new(intake.clone(), bounds);
    let profiles = Ignored::<Profiles>::new(intake, bounds);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<Unary<Traces>>().await;
    Server::builder()
        // Whoever is not known takes no room.
        .layer(GuardLayer(guard))
        .max_concurrent_streams(access.max_concurrent_streams)
        .http2_keepalive_interval(Some(access.keepalive))
        .http2_keepalive_timeout(Some(access.keepalive_timeout))
        .add_service(Unary(traces))
        .add_service(Unary(metrics))
        .add_service(Unary(logs))
        .add_service(Unary(profiles))
        .add_service(health_service)
        // The end of `incoming` is the signal; that there is one makes it answer what it was answering.
        .serve_with_incoming_shutdown(incoming, std::future::pending())
        .await
        .map_err(|error| ServeError { protocol, reason: error.to_string() })
}
