//! A collector on a fresh file: pipeline, sockets, and what one can see of it from outside.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use pointsman_collector::admit::Secret;
use pointsman_collector::clock::Clock;
use pointsman_collector::ingest::{Accepted, Pipeline, Rejected, Settings, Transport};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::receive::{Listener, Protocol, grpc, http};
use pointsman_store::{BlockId, Call, Store};
use prometheus::Registry;
use prost::Message;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::spans::NOW;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) pipeline: Pipeline,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) now_ns: Arc<AtomicU64>,
    stop: watch::Sender<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(tempfile::tempdir().unwrap(), change).await
    }

    async fn at(folder: TempDir, change: impl FnOnce(&mut Settings)) -> Self {
        let store = Store::open(&folder.path().join("pointsman.db")).await.unwrap();
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        let now_ns = Arc::new(AtomicU64::new(NOW));
        let mut settings = Settings::new(Secret::new(*b"a secret of tests"));
        let clock = Arc::clone(&now_ns);
        settings.clock = Clock::from_fn(move || clock.load(Ordering::Relaxed));
        change(&mut settings);
        let pipeline = Pipeline::start(store.clone(), settings.clone(), metrics.clone()).await.unwrap();
        Self { folder, store, pipeline, settings, metrics, registry, now_ns, stop: watch::channel(()).0 }
    }

    /// The process ends at once, whatever it was doing, and another one opens the file.
    pub(crate) async fn crash_and_restart(self) -> Self {
        let Self { folder, store, pipeline, .. } = self;
        drop(pipeline);
        store.close().await;
        Self::at(folder, |_| {}).await
    }

    pub(crate) async fn send(&self, request: ExportTraceServiceRequest) -> Result<Accepted, Rejected> {
        self.pipeline.intake().accept(request.encode_to_vec().into(), Transport::HttpProtobuf).await
    }

    pub(crate) async fn calls(&self) -> Vec<Call> {
        self.pipeline.settled().await;
        let mut calls = Vec::new();
        for service in self.store.services().await.unwrap() {
            calls.extend(self.store.calls(&service, 0, u64::MAX >> 1).await.unwrap());
        }
        calls
    }

    pub(crate) async fn blocks(&self) -> usize {
        self.store.blocks_after(BlockId(0), 10_000, usize::MAX).await.unwrap().len()
    }

    /// Sum of a metric over all its labels that contain `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == format!("pointsman_{name}"));
        let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
        let labelled = metrics
            .iter()
            .filter(|metric| label.is_empty() || metric.get_label().iter().any(|l| l.value() == label));
        labelled
            .map(|metric| {
                metric.get_counter().get_value()
                    + metric.get_gauge().get_value()
                    + metric.get_histogram().get_sample_count() as f64
            })
            .sum()
    }

    pub(crate) async fn http(&self) -> String {
        self.http_with(http::Settings::default()).await
    }

    /// Serves OTLP/HTTP on a free port; its base URL.
    pub(crate) async fn http_with(&self, settings: http::Settings) -> String {
        let listener = Listener::bind(Protocol::Http, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr());
        tokio::spawn(http::serve(listener, self.pipeline.intake(), settings, self.stopped()));
        url
    }

    /// Serves OTLP/gRPC on a free port; its URL.
    pub(crate) async fn grpc_with(&self, settings: grpc::Settings) -> String {
        let listener = Listener::bind(Protocol::Grpc, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}", listener.local_addr());
        tokio::spawn(grpc::serve(listener, self.pipeline.intake(), settings, self.stopped()));
        url
    }

    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stop = self.stop.subscribe();
        async move {
            // Ends also when the world does.
            let _ = stop.changed().await;
        }
    }

    /// The file as another program sees it.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        connect(&self.folder.path().join("pointsman.db")).await
    }

    /// Locks the file as another program would; released when dropped or closed.
    pub(crate) async fn lock(&self) -> SqliteConnection {
        lock(&self.folder.path().join("pointsman.db")).await
    }
}

async fn connect(db: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", db.display())).await.unwrap()
}

/// Locks a file as another program would; released when dropped or closed.
pub(crate) async fn lock(db: &Path) -> SqliteConnection {
    let mut connection = connect(db).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    connection
}

/// A recorded file of a real app, compressed as it is kept.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../fixtures/{name}.jsonl.zst"))
}

/// What is in it: one request in JSON a line.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    zstd::decode_all(std::fs::File::open(fixture(name)).unwrap()).unwrap()
}

/// Long enough for anything that should happen, short enough for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
