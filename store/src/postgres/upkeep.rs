//! What a server does by itself, and what of it can be seen: its space is its own business, and so is whether its pages are sound.

use super::Store;
use super::statement::scalar;
use crate::Space;
use crate::error::StoreError;

impl Store {
    /// The tables of the schema with their indexes. What is free within them only the server knows.
    pub(crate) async fn space(&self) -> Result<Space, StoreError> {
        let mut tx = self.read().await?;
        let bytes: i64 = scalar(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class \
             WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Space { file: bytes.max(0).cast_unsigned(), log: 0, free: 0 })
    }
}
