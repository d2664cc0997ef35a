//! What is begun and goes on for a while: a lease, a pass of retention, deriving again.

use crate::error::StoreError;
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::sqlite::{self, Forgotten};
use crate::{BlockId, TraceId, Trimmed};

/// The right to extract Calls, until it is dropped.
#[derive(Debug)]
pub struct Lease(LeaseOf);

#[derive(Debug)]
enum LeaseOf {
    File(#[allow(dead_code, reason = "it holds as long as it is there")] sqlite::Lease),
    #[cfg(feature = "postgres")]
    Row(postgres::Lease),
}

/// One pass over everything that is kept. It remembers what it found, so that a step does not look for it again.
#[derive(Debug)]
pub struct Trim(TrimOf);

#[derive(Debug)]
enum TrimOf {
    File(sqlite::Trim),
    #[cfg(feature = "postgres")]
    Server(postgres::Trim),
}

/// Begun, and not yet to be seen: dropping it changes nothing.
#[derive(Debug)]
pub struct Reindex(ReindexOf);

#[derive(Debug)]
enum ReindexOf {
    File(sqlite::Reindex),
    #[cfg(feature = "postgres")]
    Server(postgres::Reindex),
}

impl Lease {
    pub(super) fn file(lease: sqlite::Lease) -> Self {
        Self(LeaseOf::File(lease))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn row(lease: postgres::Lease) -> Self {
        Self(LeaseOf::Row(lease))
    }

    /// Gives it back before anything else goes on. One that is dropped is given back as well, a moment later.
    pub async fn release(self) {
        match self.0 {
            LeaseOf::File(lease) => drop(lease),
            #[cfg(feature = "postgres")]
            LeaseOf::Row(lease) => lease.release().await,
        }
    }
}

impl Trim {
    pub(super) fn file(trim: sqlite::Trim) -> Self {
        Self(TrimOf::File(trim))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn server(trim: postgres::Trim) -> Self {
        Self(TrimOf::Server(trim))
    }

    /// Deletes a little, in one short transaction: some blocks, Calls of some hours, or Rollups of some handlers. `None` when
    /// nothing is left to delete.
    ///
    /// # Errors
    /// When the database refuses; then the step has changed nothing and may be tried again.
    pub async fn step(&mut self) -> Result<Option<Trimmed>, StoreError> {
        match &mut self.0 {
            TrimOf::File(trim) => trim.step().await,
            #[cfg(feature = "postgres")]
            TrimOf::Server(trim) => trim.step().await,
        }
    }
}

impl Reindex {
    pub(super) fn file(reindex: sqlite::Reindex) -> Self {
        Self(ReindexOf::File(reindex))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn server(reindex: postgres::Reindex) -> Self {
        Self(ReindexOf::Server(reindex))
    }

    /// Says that spans of these Traces are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note(&mut self, traces: &[TraceId]) -> Result<(), StoreError> {
        match &mut self.0 {
            ReindexOf::File(reindex) => reindex.note(traces).await,
            #[cfg(feature = "postgres")]
            ReindexOf::Server(reindex) => reindex.note(traces).await,
        }
    }

    /// Stores a block's spans as they are now allowed to be kept, in place of what it held. Its traces stay the same.
    ///
    /// # Errors
    /// When the database refuses, or the compressor fails.
    pub async fn rewrite(&mut self, block: BlockId, otlp: &[u8]) -> Result<(), StoreError> {
        match &mut self.0 {
            ReindexOf::File(reindex) => reindex.rewrite(block, otlp).await,
            #[cfg(feature = "postgres")]
            ReindexOf::Server(reindex) => reindex.rewrite(block, otlp).await,
        }
    }

    /// Forgets the Calls of the noted Traces.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub async fn finish(self) -> Result<Forgotten, StoreError> {
        match self.0 {
            ReindexOf::File(reindex) => reindex.finish().await,
            #[cfg(feature = "postgres")]
            ReindexOf::Server(reindex) => reindex.finish().await,
        }
    }
}
