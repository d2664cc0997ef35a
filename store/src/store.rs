//! The store: one documented method for each operation, whichever database is underneath. What a backend does for it stands in its
//! folder. Operations are grouped as their users are: what ingest writes, what the advisor reads and counts, what advice
//! remembers, what upkeep does.

mod advice;
mod reading;
mod turns;
mod upkeep;
mod writing;

use std::time::Duration;

pub use turns::{Lease, Reindex, Trim};

use crate::error::StoreError;
use crate::location::{Location, PostgresUrl};
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite::{self, LogMark};

/// Where everything is kept. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Store {
    location: Location,
    backend: Backend,
}

/// The databases that there are.
#[derive(Clone, Debug)]
enum Backend {
    Sqlite(sqlite::Store),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Store),
}

/// Asks whichever database it is the same.
macro_rules! ask {
    ($self:ident, $store:ident => $ask:expr) => {
        match &$self.backend {
            Backend::Sqlite($store) => $ask,
            #[cfg(feature = "postgres")]
            Backend::Postgres($store) => $ask,
        }
    };
}
pub(crate) use ask;

impl Store {
    /// Opens a database, making a file that is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be read or written, is another program's database, is damaged, or was written by a newer version. The
    /// message names it and the remedy.
    pub async fn open(at: impl Into<Location>) -> Result<Self, StoreError> {
        let location = at.into();
        let backend = match &location {
            Location::File(path) => Backend::Sqlite(sqlite::Store::open(path).await?),
            Location::Postgres(url) => of_server(url).await?,
        };
        Ok(Self { location, backend })
    }

    /// The same for a look at what is there: it waits a second at most for a lock that another process holds on a file.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_look(at: impl Into<Location>) -> Result<Self, StoreError> {
        let location = at.into();
        let backend = match &location {
            Location::File(path) => Backend::Sqlite(sqlite::Store::open_to_look(path).await?),
            Location::Postgres(url) => of_server(url).await?,
        };
        Ok(Self { location, backend })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether the file that was opened is still the one at its path. What is written into one that was deleted or
    /// replaced is gone with the last process that holds it open. A server's database has no such place.
    ///
    /// # Errors
    /// When it is not, or cannot be looked at.
    pub fn check_place(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.check_place(),
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Whether anybody may have written since the mark was made; the mark is then that of now. Reads nothing of the database: of a
    /// server nothing else tells, so that it has to be asked.
    pub fn has_changed(&self, mark: &mut LogMark) -> bool {
        match &self.backend {
            Backend::Sqlite(store) => store.has_changed(mark),
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => true,
        }
    }

    /// How often it is worth looking for what other processes have stored, while there is something of one's own to do; `None`
    /// where the numbers of one's own blocks show it.
    #[must_use]
    pub fn look_for_others_every(&self) -> Option<Duration> {
        match &self.backend {
            Backend::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Some(Duration::from_millis(100)),
        }
    }

    /// Closes every connection of a file that was deleted or replaced. Its log goes, or whoever opens the new file would play
    /// the old log into it.
    ///
    /// # Errors
    /// When the log cannot be removed.
    pub async fn abandon(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.abandon().await,
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => {
                store.close().await;
                Ok(())
            }
        }
    }

    /// Gives back memory that serves nobody while nobody writes.
    pub async fn release_memory(&self) {
        match &self.backend {
            Backend::Sqlite(store) => store.release_memory().await,
            // Idle connections close by themselves.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => {}
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        ask!(self, store => store.close().await);
    }
}

#[cfg(feature = "postgres")]
async fn of_server(url: &PostgresUrl) -> Result<Backend, StoreError> {
    Ok(Backend::Postgres(postgres::Store::open(url).await?))
}

#[cfg(not(feature = "postgres"))]
async fn of_server(url: &PostgresUrl) -> Result<Backend, StoreError> {
    let remedy = "this program was built without PostgreSQL: name a file with --db";
    Err(StoreError::NotAFile { location: url.into(), remedy })
}
