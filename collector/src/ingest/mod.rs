//! From a decoded request to stored Calls: one pipeline for gRPC, HTTP and recorded files.
//!
//! ```text
//! receivers --Intake--> admit, encode, compress --queue (bytes)--> committer --> acknowledgement
//!                       in the request's own task                     |  one transaction for all that waits
//!                                                                  backlog (bytes; beyond it: the disk)
//!                                                                     |
//!                                                                  extractor --> Calls + watermark
//! ```
//!
//! Compression happens where the request is handled, because it is the dearest step after decoding and
//! connections can do it side by side, while only one task can commit. Nothing is acknowledged before its
//! transaction has committed, and nothing is dropped: a sender that cannot be served is told to come again.
//!
//! Use: [`Pipeline::start`] with an open [`Store`], [`Pipeline::intake`] for the receivers (see
//! [`crate::receive`]) and [`crate::replay`], [`Pipeline::stop`] after the receivers have stopped. The store
//! stays open: closing it is the business of whoever opened it. A [`Recorder`] stands in the pipeline's place where requests go
//! into a file instead.

mod admission;
mod arrivals;
mod backlog;
mod batch;
mod budget;
mod committer;
mod extractor;
mod found;
mod handlers;
mod intake;
mod pulse;
mod recent;
mod recorder;
mod settings;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use pointsman_store::{Store, StoreError};
use prometheus::IntCounter;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use arrivals::Arrivals;
use backlog::Backlog;
#[cfg(test)]
pub(crate) use budget::ByteBudget;
pub(crate) use budget::{Full, NoRoom, Reservation, Sender, Who};
use committer::Committer;
use extractor::Extractor;
pub use intake::{Accepted, Intake, Refused, Rejected, Transport};
pub(crate) use intake::{Ticket, run_blocking};
use pulse::Commits;
pub use pulse::{Monitor, Pulse};
pub use recorder::{Recorded, Recorder};
pub use settings::Settings;
use tally::Tally;

use crate::metrics::Metrics;

/// A running pipeline. Dropping it without [`Pipeline::stop`] is like a crash: what was acknowledged is on
/// disk, and the next start extracts what is missing.
#[derive(Debug)]
pub struct Pipeline {
    intake: Intake,
    backlog: Arc<Backlog>,
    tally: Tally,
    retries: IntCounter,
    commits: Arc<Commits>,
    committer: JoinHandle<()>,
    extractor: JoinHandle<()>,
    keeper: JoinHandle<()>,
    store: Store,
}

/// How often the file learns what has come.
const NOTE_ARRIVALS: Duration = Duration::from_secs(15);

/// The deadline passed before everything was done. Nothing acknowledged is lost: the next start goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("stopped before {0} was finished; the next start goes on from there")]
pub struct Unfinished(&'static str);

impl Pipeline {
    /// Starts committing and extracting; blocks that an earlier run left unextracted come first. Must be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// When the database does not tell where extraction stopped.
    pub async fn start(store: Store, settings: Settings, metrics: Metrics) -> Result<Self, StoreError> {
        Self::open(store, Intake::waiting(settings, metrics)).await
    }

    /// The same behind an intake that senders know already.
    ///
    /// # Errors
    /// As [`Self::start`]; the intake goes on telling senders to come again.
    pub async fn open(store: Store, intake: Intake) -> Result<Self, StoreError> {
        store.index_blocks().await?;
        let extracted_to = store.extracted_to().await?;
        let (settings, metrics) = (intake.settings().clone(), intake.metrics().clone());
        let (sender, queue) = mpsc::unbounded_channel();
        intake.open(sender);
        let backlog = Arc::new(Backlog::new(extracted_to, settings.backlog_bytes, metrics.clone()));
        let tally = Tally::default();
        let commits = Arc::<Commits>::default();
        let retries = metrics.extraction.extraction_retries.clone();
        let committer = Committer {
            store: store.clone(),
            backlog: Arc::clone(&backlog),
            metrics: metrics.clone(),
            clock: settings.clock.clone(),
            commits: Arc::clone(&commits),
        };
        let keeper = tokio::spawn(keep_arrivals(store.clone(), intake.clone()));
        let extractor = Extractor::new(
            store.clone(),
            Arc::clone(&backlog),
            settings,
            metrics,
            tally.clone(),
            extracted_to,
        );
        Ok(Self {
            intake,
            backlog,
            tally,
            retries,
            commits,
            committer: tokio::spawn(committer.run(queue)),
            extractor: tokio::spawn(extractor.run()),
            keeper,
            store,
        })
    }

    /// The door for receivers.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Returns when the Calls of everything acknowledged so far are stored.
    pub async fn settled(&self) {
        self.backlog.settled().await;
    }

    /// Looks at it from outside, as long as it runs and longer.
    #[must_use]
    pub fn monitor(&self) -> Monitor {
        Monitor {
            tasks: [self.committer.abort_handle(), self.extractor.abort_handle()],
            commits: Arc::clone(&self.commits),
            backlog: Arc::clone(&self.backlog),
            retries: self.retries.clone(),
        }
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes nothing more, commits what is queued, extracts what is committed, and ends; gives up when
    /// `within` has passed. Stop the receivers first: until then they tell senders to come again.
    ///
    /// # Errors
    /// When time was too short. Nothing acknowledged is lost then either.
    pub async fn stop(mut self, within: Duration) -> Result<(), Unfinished> {
        let deadline = Instant::now() + within;
        self.intake.close();
        if tokio::time::timeout_at(deadline, &mut self.committer).await.is_err() {
            return Err(Unfinished("the commit of queued requests"));
        }
        if tokio::time::timeout_at(deadline, &mut self.extractor).await.is_err() {
            return Err(Unfinished("the extraction of calls"));
        }
        self.keeper.abort();
        // Counts are for people to look at: they hold up nothing.
        let _ = tokio::time::timeout_at(deadline, note_arrivals(&self.store, &self.intake)).await;
        Ok(())
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.committer.abort();
        self.extractor.abort();
        self.keeper.abort();
    }
}

/// Keeps in the file what kinds of requests have come.
async fn keep_arrivals(store: Store, intake: Intake) {
    loop {
        tokio::time::sleep(NOTE_ARRIVALS).await;
        note_arrivals(&store, &intake).await;
    }
}

async fn note_arrivals(store: &Store, intake: &Intake) {
    let more = intake.arrivals().not_stored();
    // What the database refuses now is noted the next time.
    if more.all() > 0 && store.add_arrivals(&more).await.is_ok() {
        intake.arrivals().note_stored(&more);
    }
}
