//! The store: one documented method for each operation, whichever database is underneath. What a backend does for it stands in its
//! folder. Operations are grouped as their users are: what ingest writes, what the advisor reads and counts, what advice
//! remembers, what upkeep does.

mod advice;
mod reading;
mod upkeep;
mod writing;

use std::path::Path;

use crate::error::StoreError;
use crate::location::Location;
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
}

impl Store {
    /// Opens a database, making a file that is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be read or written, is another program's database, is damaged, or was written by a newer version. The
    /// message names it and the remedy.
    pub async fn open(at: impl Into<Location>) -> Result<Self, StoreError> {
        let location = at.into();
        let backend = Backend::Sqlite(sqlite::Store::open(file_of(&location)?).await?);
        Ok(Self { location, backend })
    }

    /// The same for a look at what is there: it waits a second at most for a lock that another process holds.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_look(at: impl Into<Location>) -> Result<Self, StoreError> {
        let location = at.into();
        let backend = Backend::Sqlite(sqlite::Store::open_to_look(file_of(&location)?).await?);
        Ok(Self { location, backend })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether the file that was opened is still the one at its path. What is written into one that was deleted or
    /// replaced is gone with the last process that holds it open.
    ///
    /// # Errors
    /// When it is not, or cannot be looked at.
    pub fn check_place(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.check_place(),
        }
    }

    /// Whether anybody may have written since the mark was made; the mark is then that of now. Reads nothing of the database.
    pub fn has_changed(&self, mark: &mut LogMark) -> bool {
        match &self.backend {
            Backend::Sqlite(store) => store.has_changed(mark),
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
        }
    }

    /// Gives back memory that serves nobody while nobody writes.
    pub async fn release_memory(&self) {
        match &self.backend {
            Backend::Sqlite(store) => store.release_memory().await,
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite(store) => store.close().await,
        }
    }
}

/// The file of a location: nothing else can be opened.
fn file_of(location: &Location) -> Result<&Path, StoreError> {
    location.file().ok_or_else(|| StoreError::NotAFile { location: location.clone() })
}
