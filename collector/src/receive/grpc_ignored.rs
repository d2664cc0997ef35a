//! The other signals over gRPC: read within the limits of traces, answered politely, counted and let go without
//! being decoded. A response without fields is the same bytes for all of them: none.

use std::marker::PhantomData;

use http::Request;
use tonic::Status;
use tonic::body::Body;

use super::grpc_message::{self, Bounds};
use super::grpc_unary::Export;
use crate::ingest::Intake;

/// A signal that is taken and not kept.
pub(super) trait Signal: Clone + Send + Sync + 'static {
    /// The full name of its service.
    const SERVICE: &'static str;
    /// The word that metrics use.
    const WORD: &'static str;
}

/// The service of a signal that is taken and not kept.
#[derive(Clone, Debug)]
pub(super) struct Ignored<S> {
    intake: Intake,
    bounds: Bounds,
    signal: PhantomData<S>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Metrics;

#[derive(Clone, Copy, Debug)]
pub(super) struct Logs;

#[derive(Clone, Copy, Debug)]
pub(super) struct Profiles;

impl Signal for Metrics {
    const SERVICE: &'static str = "opentelemetry.proto.collector.metrics.v1.MetricsService";
    const WORD: &'static str = "metrics";
}

impl Signal for Logs {
    const SERVICE: &'static str = "opentelemetry.proto.collector.logs.v1.LogsService";
    const WORD: &'static str = "logs";
}

impl Signal for Profiles {
    const SERVICE: &'static str = "opentelemetry.proto.collector.profiles.v1development.ProfilesService";
    const WORD: &'static str = "profiles";
}

impl<S: Signal> Ignored<S> {
    pub(super) fn new(intake: Intake, bounds: Bounds) -> Self {
        Self { intake, bounds, signal: PhantomData }
    }
}

impl<S: Signal> Export for Ignored<S> {
    const SERVICE: &'static str = S::SERVICE;

    async fn export(self, request: Request<Body>) -> Result<Vec<u8>, Status> {
        let (parts, body) = request.into_parts();
        grpc_message::read(&parts, body, self.bounds, &self.intake).await?;
        self.intake.metrics().ignored_requests.with_label_values(&[S::WORD]).inc();
        Ok(Vec::new())
    }
}
