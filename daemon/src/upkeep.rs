//! The daemon's care of the database file while it runs: retention, giving space back, checking. All of it gives way to
//! ingest: after each small step it rests twice as long as the step took, and it stops within one step.

mod age_clock;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pointsman_store::{Kind, Soundness, Store, StoreError, Work};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use self::age_clock::AgeClock;
use crate::clock;
use crate::config::Current;
use crate::metrics::Metrics;

/// Faults of a damaged file that the log names; the rest is counted.
const SHOWN_FAULTS: usize = 5;

/// Everything that upkeep works with.
#[derive(Clone, Debug)]
pub(crate) struct Upkeep {
    pub(crate) store: Store,
    pub(crate) config: Current,
    pub(crate) metrics: Metrics,
    pub(crate) stopped: watch::Receiver<bool>,
}

impl Upkeep {
    /// Keeps what the settings say, until it is told to stop. A pass that fails is counted and tried again at its next
    /// time.
    pub(crate) async fn keep_within_limits(mut self) -> anyhow::Result<()> {
        let (begin, mut age) = (Instant::now(), None);
        loop {
            match self.pass(begin, &mut age).await {
                Ok(()) => self.metrics.upkeep_done(),
                Err(error) => {
                    self.metrics.upkeep_failed();
                    warn!(%error, "retention waits for the database; it tries again");
                }
            }
            let every = Duration::from_secs(self.config.get().retention.interval_s.max(1));
            if !self.waited(tokio::time::sleep(every)).await {
                return Ok(());
            }
        }
    }

    /// Checks the whole file after the start, and again and again.
    pub(crate) async fn check_again_and_again(mut self) -> anyhow::Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        loop {
            let (store, told) = (self.store.clone(), Arc::clone(&stop));
            let begin = Instant::now();
            let mut check = tokio::spawn(async move { store.check(told).await });
            let found = tokio::select! {
                found = &mut check => found?,
                () = self.told_to_stop() => {
                    stop.store(true, Ordering::Relaxed);
                    check.await?
                }
            };
            self.tell(found, begin.elapsed());
            let next = self.config.get().retention.check_interval.0;
            let wait = async {
                match next {
                    Some(next) => tokio::time::sleep(next).await,
                    None => std::future::pending().await,
                }
            };
            if !self.waited(wait).await {
                return Ok(());
            }
        }
    }

    async fn told_to_stop(&mut self) {
        // An error means that the sender is gone: then it is time to stop as well.
        let _ = self.stopped.wait_for(|stop| *stop).await;
    }

    /// Waits; false when it is time to stop.
    async fn waited<T>(&mut self, what: impl Future<Output = T>) -> bool {
        tokio::select! {
            biased;
            () = self.told_to_stop() => false,
            _ = what => true,
        }
    }

    /// One pass of retention; `age` is the clock by which it counts, begun by the first one.
    async fn pass(&mut self, begin: Instant, age: &mut Option<AgeClock>) -> Result<(), StoreError> {
        let every = Duration::from_secs(self.config.get().retention.interval_s.max(1));
        if !self.store.leads(Work::Retention, every * 3).await? {
            // Another collector deletes for all.
            return self.show().await;
        }
        self.store.measure_calls().await?;
        self.show().await?;
        let now_ns = self.time_of_age(begin, age).await?;
        let mut trim = self.store.trim(self.config.get().retention.limits(), now_ns).await?;
        let mut deleted = 0;
        loop {
            let begin = Instant::now();
            let Some(trimmed) = trim.step().await? else { break };
            deleted += trimmed.rows;
            self.metrics.count(trimmed);
            debug!(?trimmed, took_us = begin.elapsed().as_micros(), "retention deleted");
            if !self.rested(begin.elapsed()).await {
                return Ok(());
            }
        }
        let facts = self.store.trim_app_facts().await?;
        self.metrics.count_facts(facts);
        deleted += facts;
        loop {
            let begin = Instant::now();
            if !self.store.give_back().await? || !self.rested(begin.elapsed()).await {
                break;
            }
        }
        if self.store.cut_log().await? {
            info!("the log of the database had grown long and was written back");
        }
        if deleted > 0 {
            info!(rows = deleted, "retention deleted what was too old or too much");
            self.show().await?;
        }
        Ok(())
    }

    /// The time by which age is counted; says so where it is not that of the machine.
    async fn time_of_age(&self, begin: Instant, age: &mut Option<AgeClock>) -> Result<u64, StoreError> {
        let (now_ns, at) = (clock::now_ns(), begin.elapsed());
        let clock = match age {
            Some(clock) => clock,
            None => age.insert(AgeClock::begin(self.store.newest().await?, now_ns, at)),
        };
        let reading = clock.read(now_ns, at);
        if let Some(ahead) = reading.doubted_by {
            warn!(
                hours_ahead = ahead.as_secs() / 3_600,
                "the clock is far ahead of the newest stored data: until it has been so for a day, retention counts age from \
                 that data; if the clock is wrong, set it"
            );
        }
        Ok(reading.now_ns)
    }

    /// Ends with an error when the database file is not the one that was opened any more.
    pub(crate) async fn watch_place(mut self) -> anyhow::Result<()> {
        /// Senders are refused by then; this ends a daemon that can keep nothing.
        const EVERY: Duration = Duration::from_secs(5);
        loop {
            match self.store.check_place() {
                Err(fault @ StoreError::Replaced { .. }) => return Err(fault.into()),
                Err(error) => warn!(%error, "the database file cannot be looked at"),
                Ok(()) => {}
            }
            if !self.waited(tokio::time::sleep(EVERY)).await {
                return Ok(());
            }
        }
    }

    /// Leaves the database to others for a while; false when it is time to stop.
    async fn rested(&mut self, worked: Duration) -> bool {
        self.waited(tokio::time::sleep(worked * 2)).await
    }

    async fn show(&self) -> Result<(), StoreError> {
        self.metrics.show_volumes(&self.store.volumes().await?);
        self.metrics.show_limits(&self.config.get().retention.limits());
        self.metrics.show_space(self.store.space().await?);
        for kind in Kind::ALL {
            self.metrics.show_oldest(kind, self.store.oldest(kind).await?);
        }
        Ok(())
    }

    fn tell(&self, found: Result<Soundness, StoreError>, took: Duration) {
        match found {
            Ok(Soundness::Stopped | Soundness::Unknown) => {}
            Ok(Soundness::Sound) => {
                self.metrics.checked(true, took);
                info!(seconds = took.as_secs_f64(), "the database was checked and is sound");
            }
            Ok(Soundness::Damaged(faults)) => {
                self.metrics.checked(false, took);
                let db = self.store.location();
                error!(
                    faults = faults.len(),
                    "the database {db} is damaged; stop the daemon and run `pointsman recover NEW --db {db}`, which saves \
                     what can be read, or restore a backup: {}",
                    faults.iter().take(SHOWN_FAULTS).map(String::as_str).collect::<Vec<_>>().join("; ")
                );
            }
            Err(error) => {
                self.metrics.upkeep_failed();
                warn!(%error, "the database could not be checked");
            }
        }
    }
}
