//! The daemon about itself: its log, and its own traces. What is worth a span is said where the work is done; whether and where
//! it is sent stands in `[telemetry]`.
//!
//! Spans have one target, [`TRACED`], and nothing else is ever traced: neither what receives OTLP nor what sends it, so that a
//! trace never makes another one.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use prometheus::{IntCounterVec, Opts, Registry};
use tracing::{info, warn};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{Config, LogFormat, telemetry_token};

/// The target of every span that is traced.
pub(crate) const TRACED: &str = "pointsman::traced";
/// How long one export may take, and the last one at the end.
const EXPORT_WITHIN: Duration = Duration::from_secs(5);

/// The traces of this process, until they are ended.
#[derive(Debug, Default)]
pub(crate) struct OwnTraces {
    provider: Option<SdkTracerProvider>,
}

/// Begins to log, to standard error, and to trace where an endpoint is set.
pub(crate) fn begin(config: &Config, registry: &Registry) -> anyhow::Result<OwnTraces> {
    let provider = provider(config, registry)?;
    let traces = provider.as_ref().map(|provider| {
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("pointsman"));
        // A span's place in the code and its thread say nothing to operators.
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
        layer.with_filter(filter_fn(|meta| meta.is_span() && meta.target() == TRACED))
    });
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(&config.logs.level))?;
    // Spans for traces would stand before every line that is logged within them.
    let filter = filter.add_directive(format!("{TRACED}=off").parse()?);
    // It logs each request of an agent, and what the agent calls itself.
    let filter = filter.add_directive("rmcp=error".parse()?);
    let has_colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(has_colours);
    let lines = match config.logs.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(traces)
        .try_init()
        .context("a log was begun already")?;
    if provider.is_some() {
        info!(service = config.telemetry.service_name, "own traces are sent to telemetry.otlp_endpoint");
    }
    Ok(OwnTraces { provider })
}

fn provider(config: &Config, registry: &Registry) -> anyhow::Result<Option<SdkTracerProvider>> {
    let spans = IntCounterVec::new(
        Opts::new(
            "pointsman_own_spans_total",
            "The daemon's own spans, exported to telemetry.otlp_endpoint or lost because it did not take them.",
        ),
        &["outcome"],
    )?;
    for outcome in ["exported", "lost"] {
        spans.with_label_values(&[outcome]);
    }
    registry.register(Box::new(spans.clone()))?;
    let telemetry = &config.telemetry;
    let endpoint =
        telemetry.endpoint().map_err(|fault| anyhow::anyhow!("telemetry.otlp_endpoint: {fault}"))?;
    let Some(endpoint) = endpoint else { return Ok(None) };
    // An error means that it was installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authorization =
        telemetry_token(config)?.map(|token| ("authorization".to_owned(), format!("Bearer {token}")));
    let otlp = Otlp::builder()
        .with_http()
        .with_endpoint(endpoint)
        .with_timeout(EXPORT_WITHIN)
        .with_headers(authorization.into_iter().collect())
        .build()?;
    let resource = Resource::builder_empty().with_service_name(telemetry.service_name.clone());
    let resource = resource.with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(telemetry.sampling_ratio))))
        .with_batch_exporter(Counted { otlp, spans, fails: AtomicBool::new(false) });
    Ok(Some(provider.build()))
}

impl OwnTraces {
    /// Sends what has not been sent yet; gives up soon.
    pub(crate) async fn end(self) {
        let Some(provider) = self.provider else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(EXPORT_WITHIN));
        if let Ok(Err(error)) = ended.await {
            warn!(%error, "the last own traces were not sent");
        }
    }
}

/// Counts what is exported, and says once when it begins and ends to fail.
#[derive(Debug)]
struct Counted {
    otlp: Otlp,
    spans: IntCounterVec,
    fails: AtomicBool,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let exported = self.otlp.export(batch).await;
        let outcome = if exported.is_ok() { "exported" } else { "lost" };
        self.spans.with_label_values(&[outcome]).inc_by(count);
        let failed_before = self.fails.swap(exported.is_err(), Ordering::Relaxed);
        match &exported {
            Err(error) if !failed_before => {
                warn!(%error, "own traces are not taken by telemetry.otlp_endpoint; further ones are counted");
            }
            Ok(()) if failed_before => info!("own traces are taken again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.otlp.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
