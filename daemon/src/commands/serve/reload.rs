//! SIGHUP: the configuration read anew while the daemon runs. A faulty one changes nothing, and every fault is logged.

use std::sync::Arc;

use anyhow::Context;
use pointsman_collector::receive::access::Access;
use prometheus::{Gauge, IntCounterVec, Opts, Registry};
use tracing::{error, info, warn};

use crate::clock;
use crate::commands::check_config;
use crate::config::{self, Current, Faults, InForce, Keys, Source};
use crate::manager;
use crate::web::Board;

/// Reads the configuration anew.
pub(super) struct Reloader {
    pub(super) source: Source,
    pub(super) in_force: InForce,
    pub(super) current: Current,
    /// Certificates and tokens of senders.
    pub(super) senders: Access,
    /// Tokens of readers.
    pub(super) readers: Keys,
    /// Shows what another configuration makes of the same traffic.
    pub(super) board: Arc<Board>,
    pub(super) metrics: Reloads,
}

/// How often that was done.
pub(super) struct Reloads {
    reloads: IntCounterVec,
    last_success: Gauge,
}

impl Reloads {
    /// Makes the metrics and registers them.
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let reloads = IntCounterVec::new(
            Opts::new("pointsman_config_reloads_total", "Times that SIGHUP reloaded the configuration."),
            &["outcome"],
        )?;
        for outcome in ["success", "failure"] {
            reloads.with_label_values(&[outcome]);
        }
        let last_success = Gauge::new(
            "pointsman_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read.",
        )?;
        registry.register(Box::new(reloads.clone()))?;
        registry.register(Box::new(last_success.clone()))?;
        last_success.set(clock::now_s());
        Ok(Self { reloads, last_success })
    }

    fn count(&self, success: bool) {
        self.reloads.with_label_values(&[if success { "success" } else { "failure" }]).inc();
        if success {
            self.last_success.set(clock::now_s());
        }
    }
}

impl Reloader {
    /// Reads it, and puts in force what can be.
    pub(super) async fn reload(self: &Arc<Self>) -> anyhow::Result<()> {
        manager::reloading();
        let this = Arc::clone(self);
        // Files are read for it, which may lie on a network.
        let reloaded = tokio::task::spawn_blocking(move || this.try_to_reload());
        let reloaded = reloaded.await.context("reading the configuration panicked")?;
        self.metrics.count(reloaded.is_ok());
        if let Err(faults) = reloaded {
            for fault in &faults {
                error!("{fault}");
            }
            error!(
                faults = faults.len(),
                "the configuration was not reloaded; the one before stays in force"
            );
        }
        manager::ready();
        Ok(())
    }

    fn try_to_reload(&self) -> Result<(), Faults> {
        let (read, mut faults) = config::read(&self.source, std::env::vars_os());
        faults.extend(check_config::faults_of_files(&read));
        if !faults.is_empty() {
            return Err(faults);
        }
        for old in &read.old_names {
            warn!("{old}");
        }
        let (config, changes) =
            self.current.get().taking_over(read).map_err(|error| vec![error.to_string()])?;
        self.reload_files()?;
        self.in_force.send_replace(Arc::new(config));
        self.board.ask();
        let list = |keys: &[String]| if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
        info!("the configuration was reloaded; changed: {}", list(&changes.taken_over));
        if !changes.at_next_start.is_empty() {
            warn!(
                "changed in the configuration, and in force only after the next start: {}",
                list(&changes.at_next_start)
            );
        }
        Ok(())
    }

    /// Tokens and certificates, whatever the names of their files: a changed name waits for the next start.
    fn reload_files(&self) -> Result<(), Faults> {
        let senders = self.senders.reload().err().unwrap_or_default();
        let mut faults: Faults = senders.iter().map(ToString::to_string).collect();
        faults.extend(self.readers.reload());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
