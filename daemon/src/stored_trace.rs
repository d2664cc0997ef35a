//! Reading one stored trace out of the blocks that hold its spans.

use std::collections::HashSet;

use anyhow::Context;
use pointsman_collector::trace::{Assembly, MAX_SPANS, Trace};
use pointsman_store::{BlockId, Store, TraceId};

/// Blocks that are read of one trace: with the block's other traces some tens of MiB at most.
const MOST_BLOCKS: usize = 64;

/// The blocks of a trace; a [`Trace`] borrows from them.
pub(crate) struct StoredTrace {
    id: TraceId,
    blocks: Vec<Vec<u8>>,
}

impl StoredTrace {
    /// Reads the blocks that hold spans of the trace; of a trace that grew for long the newest.
    pub(crate) async fn read(store: &Store, id: TraceId) -> anyhow::Result<Self> {
        let mut blocks = Vec::new();
        for (_, block) in store.blocks_of(&[id], BlockId(i64::MAX), MOST_BLOCKS).await? {
            blocks.extend(store.block(block).await?);
        }
        Ok(Self { id, blocks })
    }

    /// The trace, or an error that says why it may not be there.
    pub(crate) fn assemble(&self) -> anyhow::Result<Option<Trace<'_>>> {
        let mut assembly = Assembly::only(HashSet::from([self.id]), MAX_SPANS);
        for block in &self.blocks {
            assembly.add(block).context("a stored block is damaged")?;
        }
        Ok(assembly.finish().into_iter().next())
    }
}
