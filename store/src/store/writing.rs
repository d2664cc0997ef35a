//! What ingest writes and reads back: blocks, how far their Calls are extracted, the Calls; and deriving all of it again.

use std::time::Duration;

use super::{Backend, Lease, Reindex, Store, ask};
use crate::block::{Block, BlockId};
use crate::error::StoreError;
use crate::{AppFact, Arrivals, TraceCalls, TraceId, Work};

impl Store {
    /// Stores blocks in one transaction; when it returns they are on disk. Returns their ids in order.
    ///
    /// # Errors
    /// When the database refuses; then none of them is stored.
    pub async fn append_blocks(&self, blocks: &[Block]) -> Result<Vec<BlockId>, StoreError> {
        ask!(self, store => store.append_blocks(blocks).await)
    }

    /// Writes runs for the blocks that no commit has written one for: after a recovery, or of an older version.
    ///
    /// # Errors
    /// When the database refuses; then a part may be done.
    pub async fn index_blocks(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(store) => store.index_blocks().await,
            // Its index is written with each block.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// The newest block, whoever stored it; 0 when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn newest_block(&self) -> Result<BlockId, StoreError> {
        ask!(self, store => store.newest_block().await)
    }

    /// Up to `limit` blocks after the given one, in order, as OTLP protobuf, and no more than `bytes` of it; the first one
    /// comes however large it is.
    ///
    /// # Errors
    /// When the database refuses or a block is damaged.
    pub async fn blocks_after(
        &self,
        after: BlockId,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<(BlockId, Vec<u8>)>, StoreError> {
        ask!(self, store => store.blocks_after(after, limit, bytes).await)
    }

    /// One block as OTLP protobuf; `None` when retention has removed it.
    ///
    /// # Errors
    /// When the database refuses or the block is damaged.
    pub async fn block(&self, id: BlockId) -> Result<Option<Vec<u8>>, StoreError> {
        ask!(self, store => store.block(id).await)
    }

    /// The blocks that hold spans of any of these traces, in order, also those that other processes have written. Of each
    /// trace the newest `most` blocks up to `to`. Prefixes are compared: a block may turn out to hold another trace with the same
    /// prefix.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn blocks_of(
        &self,
        traces: &[TraceId],
        to: BlockId,
        most: usize,
    ) -> Result<Vec<(TraceId, BlockId)>, StoreError> {
        ask!(self, store => store.blocks_of(traces, to, most).await)
    }

    /// Takes over extraction, if no other process has it: `None` is that one has.
    ///
    /// # Errors
    /// When the file of the lock cannot be made or locked, or the server refuses.
    pub async fn lease_extraction(&self) -> Result<Option<Lease>, StoreError> {
        Ok(match &self.backend {
            Backend::Sqlite(store) => store.lease_extraction()?.map(Lease::file),
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => store.lease_extraction().await?.map(Lease::row),
        })
    }

    /// Whether this process is the one that does some work for all, as long as it asks again within this time. Of a file every
    /// process does it, and finds out whether another one was faster.
    ///
    /// # Errors
    /// When the database refuses.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "only a server has leases"))]
    pub async fn leads(&self, work: Work, within: Duration) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(true),
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => store.lead(work, within).await,
        }
    }

    /// The secret under which all collectors of this database make client keys: the one that is given, for the first that asks.
    /// `None` where a process keeps its own.
    ///
    /// # Errors
    /// When the database refuses.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "only a server keeps it"))]
    pub async fn shared_secret(&self, made: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.backend {
            Backend::Sqlite(_) => Ok(None),
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => store.shared_secret(made).await.map(Some),
        }
    }

    /// The last block whose Calls are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn extracted_to(&self) -> Result<BlockId, StoreError> {
        ask!(self, store => store.extracted_to().await)
    }

    /// Puts the Calls of whole Traces in place of what was known of them, with the facts found beside them and
    /// the watermark: all of it or nothing.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub async fn commit_calls(
        &self,
        traces: &[TraceCalls],
        facts: &[AppFact],
        extracted_to: BlockId,
    ) -> Result<(), StoreError> {
        ask!(self, store => store.commit_calls(traces, facts, extracted_to).await)
    }

    /// Begins. No daemon may work on the same file meanwhile: it would not know that it has to begin anew.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn reindex(&self) -> Result<Reindex, StoreError> {
        Ok(match &self.backend {
            Backend::Sqlite(store) => Reindex::file(store.reindex().await?),
            #[cfg(feature = "postgres")]
            Backend::Postgres(store) => Reindex::server(store.reindex().await?),
        })
    }

    /// Adds requests that have come since the last time.
    ///
    /// # Errors
    /// When the database refuses; nothing is added then.
    pub async fn add_arrivals(&self, more: &Arrivals) -> Result<(), StoreError> {
        ask!(self, store => store.add_arrivals(more).await)
    }

    /// Requests of each kind since the file was made.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn arrivals(&self) -> Result<Arrivals, StoreError> {
        ask!(self, store => store.arrivals().await)
    }
}
