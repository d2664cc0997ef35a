//! Asking each handler for its oldest row.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::Kind;
use crate::oldest::{Candidate, Oldest};
use crate::sqlite::{Store, StoreError};

pub(super) async fn load(store: &Store, kind: Kind) -> Result<Oldest, StoreError> {
    let sql = match kind {
        Kind::Rollups => {
            "SELECT fingerprint, service, (SELECT min(hour) * 3600000000000 FROM rollups \
             WHERE handler = fingerprint) AS oldest FROM handlers WHERE oldest IS NOT NULL"
        }
        Kind::Blocks | Kind::Calls => {
            "SELECT fingerprint, service, (SELECT min(start_ns) FROM calls WHERE handler = fingerprint) AS oldest \
             FROM handlers WHERE oldest IS NOT NULL"
        }
    };
    let rows = sqlx::query(sql).fetch_all(&store.readers).await?;
    let candidate = |row: &SqliteRow| {
        let oldest: i64 = row.try_get(2)?;
        let service: Arc<str> = row.try_get::<&str, _>(1)?.into();
        Ok(Candidate { oldest_ns: oldest.max(0).cast_unsigned(), handler: row.try_get(0)?, service })
    };
    rows.iter().map(candidate).collect()
}
