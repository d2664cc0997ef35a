//! The history of the schema: every file of `migrations/postgres`, compiled in. They run in one transaction and one process at a
//! time; sqlx's own way of it holds a lock of the session, which a pooler would give to anybody.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::connect::quoted;
use super::error::refusal;
use super::statement::{made, query, scalar};
use crate::error::{StoreError, Trouble};
use crate::location::PostgresUrl;

/// Version, description and SQL; `build.rs` makes the list.
const FILES: &[(i64, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/postgres.rs"));

/// Whoever migrates holds this lock until the transaction ends ("PNTS").
const LOCK: i64 = 0x504e_5453;

/// Brings the schema up to date. One that is, is not written to: the user may lack the right.
pub(super) async fn run(connection: &mut PgConnection, url: &PostgresUrl) -> Result<(), StoreError> {
    let refused = |error: sqlx::Error| refusal(url, &error);
    let schema = url.schema();
    let mut tx = connection.begin().await.map_err(refused)?;
    let there: Option<i64> = version(&mut tx, &schema).await.map_err(refused)?;
    let newest = FILES.last().map_or(0, |(version, ..)| *version);
    match there {
        Some(there) if there > newest => return Err(newer(url, there)),
        Some(there) if there == newest => return tx.rollback().await.map_err(refused),
        _ => {}
    }
    query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *tx).await.map_err(refused)?;
    // Somebody else may have been faster.
    let there = version(&mut tx, &schema).await.map_err(refused)?;
    if there.is_none() {
        let exists: bool = scalar("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)")
            .bind(&schema)
            .fetch_one(&mut *tx)
            .await
            .map_err(refused)?;
        if !exists {
            let create = format!("CREATE SCHEMA {}", quoted(&schema));
            made(create).execute(&mut *tx).await.map_err(refused)?;
        }
        let taken: bool = scalar("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1)")
            .bind(&schema)
            .fetch_one(&mut *tx)
            .await
            .map_err(refused)?;
        if taken {
            return Err(of_another_program(url, &schema));
        }
    }
    let path = format!("SET LOCAL search_path TO {}", quoted(&schema));
    made(path).execute(&mut *tx).await.map_err(refused)?;
    query(
        "CREATE TABLE IF NOT EXISTS pointsman_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         made_at TIMESTAMPTZ NOT NULL DEFAULT now())",
    )
    .execute(&mut *tx)
    .await
    .map_err(refused)?;
    for (version, description, sql) in
        FILES.iter().filter(|(version, ..)| there.is_none_or(|there| *version > there))
    {
        sqlx::raw_sql(AssertSqlSafe(*sql)).execute(&mut *tx).await.map_err(refused)?;
        query("INSERT INTO pointsman_migrations (version, description) VALUES ($1, $2)")
            .bind(*version)
            .bind(*description)
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
    }
    tx.commit().await.map_err(refused)
}

/// The last migration that was run; `None` without any.
async fn version(tx: &mut PgConnection, schema: &str) -> Result<Option<i64>, sqlx::Error> {
    let exists: bool = scalar(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'pointsman_migrations')",
    )
    .bind(schema)
    .fetch_one(&mut *tx)
    .await?;
    if !exists {
        return Ok(None);
    }
    let sql = format!("SELECT max(version) FROM {}.pointsman_migrations", quoted(schema));
    sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(tx).await
}

fn newer(url: &PostgresUrl, step: i64) -> StoreError {
    StoreError::Server {
        location: url.into(),
        reason: format!(
            "it was written by a newer version of pointsman (its schema has step {step}, this one does not know it)"
        ),
        remedy: "use that version, or name another database with --db",
        trouble: Trouble::Lasting,
    }
}

fn of_another_program(url: &PostgresUrl, schema: &str) -> StoreError {
    StoreError::Server {
        location: url.into(),
        reason: format!("the schema {schema} holds tables of another program"),
        remedy: "name another schema in store.schema",
        trouble: Trouble::Lasting,
    }
}
