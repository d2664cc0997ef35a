//! OTLP over gRPC. Traces are stored; metrics and logs are answered politely and ignored. The codes that tonic
//! chooses and OTLP does not mean are put right in `grpc_edge`.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use tonic::codec::CompressionEncoding::{Gzip, Zstd};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use super::access::guard::{Guard, GuardLayer};
use super::access::{Access, Incoming};
use super::grpc_edge::EdgeLayer;
use super::grpc_traces::Traces;
use super::{Listener, ServeError};
use crate::ingest::Intake;

/// Limits of the gRPC server, and who may send.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest message, as sent and inflated.
    pub max_message_bytes: usize,
    /// Who may connect, over what, how many.
    pub access: Access,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_message_bytes: 4 << 20, access: Access::default() }
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
    let limit = settings.max_message_bytes;
    let access = settings.access;
    let guard = Guard::new(protocol, access.tokens.clone(), intake.metrics().clone());
    let incoming = Incoming::open(listener, &access, intake.metrics().clone(), stop);
    let traces = Traces::new(intake.clone(), limit);
    let edge = EdgeLayer(intake.clone());
    let metrics = MetricsServiceServer::new(Ignored { intake: intake.clone() });
    let logs = LogsServiceServer::new(Ignored { intake });
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<Traces>().await;
    Server::builder()
        // Whoever is not known takes no room.
        .layer(GuardLayer(guard))
        .layer(edge)
        .max_concurrent_streams(access.max_concurrent_streams)
        .http2_keepalive_interval(Some(access.keepalive))
        .http2_keepalive_timeout(Some(access.keepalive_timeout))
        .add_service(traces)
        .add_service(metrics.max_decoding_message_size(limit).accept_compressed(Gzip).accept_compressed(Zstd))
        .add_service(logs.max_decoding_message_size(limit).accept_compressed(Gzip).accept_compressed(Zstd))
        .add_service(health_service)
        // The end of `incoming` is the signal; that there is one makes it answer what it was answering.
        .serve_with_incoming_shutdown(incoming, std::future::pending())
        .await
        .map_err(|error| ServeError { protocol, reason: error.to_string() })
}

struct Ignored {
    intake: Intake,
}

#[tonic::async_trait]
impl MetricsService for Ignored {
    async fn export(
        &self,
        _: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.intake.metrics().ignored_requests.with_label_values(&["metrics"]).inc();
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Ignored {
    async fn export(
        &self,
        _: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.intake.metrics().ignored_requests.with_label_values(&["logs"]).inc();
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
