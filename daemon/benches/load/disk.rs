//! What the daemon's file weighs and holds, read behind the daemon's back when it has ended.

use std::path::Path;

use sqlx::sqlite::SqlitePoolOptions;

/// What is in a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weight {
    /// Pages in use; free ones are not counted.
    pub(crate) used_bytes: u64,
    pub(crate) calls: u64,
    /// Bytes of each table and index, the largest first; empty when SQLite was built without `dbstat`.
    pub(crate) parts: Vec<(String, u64)>,
}

/// Weighs a file after a checkpoint.
pub(crate) async fn weigh(db: &Path) -> anyhow::Result<Weight> {
    let url = format!("sqlite://{}?mode=rw", db.display());
    let pool = SqlitePoolOptions::new().max_connections(1).connect(&url).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pool).await?;
    let number = async |query: &'static str| -> sqlx::Result<u64> {
        let number: i64 = sqlx::query_scalar(query).fetch_one(&pool).await?;
        Ok(number.cast_unsigned())
    };
    let pages = number("PRAGMA page_count").await? - number("PRAGMA freelist_count").await?;
    let weight = Weight {
        used_bytes: pages * number("PRAGMA page_size").await?,
        calls: number("SELECT count(*) FROM calls").await?,
        parts: parts(&pool).await.unwrap_or_default(),
    };
    pool.close().await;
    Ok(weight)
}

async fn parts(pool: &sqlx::SqlitePool) -> sqlx::Result<Vec<(String, u64)>> {
    let query = "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name ORDER BY 2 DESC";
    let parts: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(pool).await?;
    Ok(parts.into_iter().map(|(name, bytes)| (name, bytes.cast_unsigned())).collect())
}
