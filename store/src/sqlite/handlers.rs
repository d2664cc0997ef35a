//! Handlers: the dictionary from a fingerprint to who that is.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::many::{Bound, Many, statements};
use super::{Store, StoreError};
use crate::{Action, Fingerprint, Handler, HandlerKind, Hour};

/// Name and reference of each column, in the order in which [`read`] expects them.
pub(super) const COLUMNS: &str = "handlers.fingerprint, handlers.service, handlers.environment, handlers.kind, \
     handlers.route, handlers.method, handlers.action_form, handlers.action_file, handlers.action_name, \
     handlers.operation";

impl Store {
    pub(crate) async fn handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM handlers WHERE service = ?");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(service).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }

    pub(crate) async fn handler(&self, id: Fingerprint) -> Result<Option<Handler>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM handlers WHERE fingerprint = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0.cast_signed());
        let row = row.fetch_optional(&self.readers).await?;
        Ok(row.map(|row| read(&row)).transpose()?.map(|(_, handler)| handler))
    }

    pub(crate) async fn handlers_called(&self, service: &str) -> Result<Vec<(Handler, u64)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT max(start_ns) FROM calls WHERE handler = fingerprint), \
             (SELECT max(hour) FROM rollups WHERE handler = fingerprint) FROM handlers WHERE service = ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(service).fetch_all(&self.readers).await?;
        let row = |row: &SqliteRow| {
            let (_, handler) = read(row)?;
            let call: Option<i64> = row.try_get(10)?;
            let hour: Option<u32> = row.try_get(11)?;
            let hour_ns = hour.map_or(0, |hour| Hour(hour).start_ns());
            Ok((handler, call.map_or(0, i64::cast_unsigned).max(hour_ns)))
        };
        Ok(rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn apps_called(&self) -> Result<Vec<(String, Option<String>, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT service, environment, max(coalesce((SELECT max(start_ns) FROM calls WHERE handler = fingerprint), 0)) \
             AS called, max(coalesce((SELECT max(hour) FROM rollups WHERE handler = fingerprint), 0)) AS counted \
             FROM handlers GROUP BY service, environment",
        )
        .fetch_all(&self.readers)
        .await?;
        let row = |row: &SqliteRow| {
            let (call, hour): (i64, u32) = (row.try_get(2)?, row.try_get(3)?);
            let called_ns = call.cast_unsigned().max(Hour(hour).start_ns());
            Ok((row.try_get(0)?, row.try_get(1)?, called_ns))
        };
        let mut apps: Vec<(String, Option<String>, u64)> =
            rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?;
        apps.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        Ok(apps)
    }

    /// Deletes Handlers of which nothing is left: no Call, no Rollup and no advice; how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) async fn forget_silent_handlers(&self) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let gone = sqlx::query(
            "DELETE FROM handlers WHERE NOT EXISTS (SELECT 1 FROM calls WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT 1 FROM rollups WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT 1 FROM standing_verdicts WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT 1 FROM recommendations WHERE handler = fingerprint OR successor = fingerprint)",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(gone.rows_affected())
    }

    pub(crate) async fn services(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT DISTINCT service FROM handlers ORDER BY service")
            .fetch_all(&self.readers)
            .await?)
    }
}

static INSERT: Many = Many::new(|| {
    statements(
        "INSERT INTO handlers (fingerprint, service, environment, kind, route, method, action_form, action_file, \
         action_name, operation)",
        10,
        "ON CONFLICT DO NOTHING",
    )
});

/// Makes Handlers known; one that is known already stays as it was first seen.
pub(super) async fn remember(
    tx: &mut SqliteConnection,
    handlers: &[(Fingerprint, &Handler)],
) -> Result<(), sqlx::Error> {
    INSERT.run(tx, handlers, |query, (id, handler)| bind(query, *id, handler)).await?;
    Ok(())
}

fn bind<'q>(query: Bound<'q>, id: Fingerprint, handler: &'q Handler) -> Bound<'q> {
    let (form, file, name) = match &handler.action {
        None => (None, None, None),
        Some(Action::Export { file, name }) => (Some("export"), Some(file), Some(name)),
        Some(Action::Id(id)) => (Some("id"), None, Some(id)),
        Some(Action::Unnamed) => (Some("unnamed"), None, None),
        Some(Action::NotFound) => (Some("not_found"), None, None),
    };
    query
        .bind(id.0.cast_signed())
        .bind(&handler.service)
        .bind(&handler.environment)
        .bind(handler.kind.as_str())
        .bind(&handler.route)
        .bind(&handler.method)
        .bind(form)
        .bind(file)
        .bind(name)
        .bind(&handler.operation)
}

/// Reads [`COLUMNS`] from the front of a row.
pub(super) fn read(row: &SqliteRow) -> Result<(Fingerprint, Handler), sqlx::Error> {
    let text = |index: usize| row.try_get::<Option<String>, _>(index);
    let action = match text(6)?.as_deref() {
        Some("export") => {
            Some(Action::Export { file: text(7)?.unwrap_or_default(), name: text(8)?.unwrap_or_default() })
        }
        Some("id") => Some(Action::Id(text(8)?.unwrap_or_default())),
        Some("not_found") => Some(Action::NotFound),
        Some(_) => Some(Action::Unnamed),
        None => None,
    };
    let handler = Handler {
        service: row.try_get(1)?,
        environment: row.try_get(2)?,
        kind: HandlerKind::from_word(row.try_get(3)?).unwrap_or(HandlerKind::Other),
        route: row.try_get(4)?,
        method: row.try_get(5)?,
        action,
        operation: text(9)?,
    };
    Ok((Fingerprint(row.try_get::<i64, _>(0)?.cast_unsigned()), handler))
}
