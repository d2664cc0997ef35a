//! How much is kept, what of it goes, and whether it is sound.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Backend, Store, Trim, ask};
use crate::error::StoreError;
use crate::sqlite::{Soundness, Space};
use crate::{Kind, Limits, Volumes};

impl Store {
    /// How much is kept. Reads three rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn volumes(&self) -> Result<Volumes, StoreError> {
        ask!(self, store => store.volumes().await)
    }

    /// Measures what a Call takes in the file, partly filled pages included, on up to 1,024 pages of the table, and
    /// sets the figure of all Calls by it. Those pages are of a few handlers: with handlers of very different
    /// paths the figure may be a third off.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn measure_calls(&self) -> Result<(), StoreError> {
        ask!(self, store => store.measure_calls().await)
    }

    /// When the oldest of a kind is of, ns since the epoch; `None` when there is none. Costs one look-up per handler.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn oldest(&self, kind: Kind) -> Result<Option<u64>, StoreError> {
        ask!(self, store => store.oldest(kind).await)
    }

    /// When the newest of all that is kept came or began, ns since the epoch; `None` when nothing is kept.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn newest(&self) -> Result<Option<u64>, StoreError> {
        ask!(self, store => store.newest().await)
    }

    /// Begins a pass. `now_ns` is the time by which age is counted, ns since the epoch.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn trim(&self, limits: Limits, now_ns: u64) -> Result<Trim, StoreError> {
        Ok(match &self.backend {
            Backend::Sqlite(store) => Trim::file(store.trim(limits, now_ns).await?),
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => Trim::server(store.trim(limits, now_ns).await?),
        })
    }

    /// Deletes facts of services that have more than 20,000, those that were not seen for longest first; gives how many. Age does
    /// not matter: what a build had is of use as long as nothing newer takes its room.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn trim_app_facts(&self) -> Result<u64, StoreError> {
        ask!(self, store => store.trim_app_facts().await)
    }

    /// What the database takes on the disk.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn space(&self) -> Result<Space, StoreError> {
        ask!(self, store => store.space().await)
    }

    /// Gives a little of the free space back to the system, unless what is free is a reserve worth keeping. Returns
    /// whether there may be more to give back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn give_back(&self) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.give_back().await,
            // Its autovacuum does that.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Ok(false),
        }
    }

    /// Writes a log that has grown long back into the file and cuts it. Returns whether it was long.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn cut_log(&self) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.cut_log().await,
            // Its log is its own business.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Ok(false),
        }
    }

    /// Checks every table on a connection of its own, at half speed, and stops soon after `stop` has become true.
    ///
    /// One table is one statement: while the largest is checked, the log cannot be cut and grows by what comes in.
    ///
    /// # Errors
    /// When the check itself cannot run; damage is no error.
    pub async fn check(&self, stop: Arc<AtomicBool>) -> Result<Soundness, StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.check(stop).await,
            // Only who runs the server can check its pages.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Ok(Soundness::Unknown),
        }
    }
}
