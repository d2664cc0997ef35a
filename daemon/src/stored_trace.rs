//! Reading one stored trace out of the blocks that hold its spans.

use std::collections::HashSet;

use anyhow::Context;
use pointsman_collector::trace::{Assembly, MAX_SPANS, Trace};
use pointsman_store::{Store, TraceId};

/// The blocks of a trace; a [`Trace`] borrows from them.
pub(crate) struct StoredTrace {
    id: TraceId,
    blocks: Vec<Vec<u8>>,
}

impl StoredTrace {
    /// Reads every block that holds spans of the trace.
    pub(crate) async fn read(store: &Store, id: TraceId) -> anyhow::Result<Self> {
        let mut blocks = Vec::new();
        for (_, block) in store.blocks_of(&[id]).await? {
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
