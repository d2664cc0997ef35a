//! Handlers: the dictionary from a fingerprint to who that is.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::many::{Bound, Many, statements};
use super::{Store, StoreError};
use crate::{Action, Fingerprint, Handler, HandlerKind};

/// Name and reference of each column, in the order in which [`read`] expects them.
pub(super) const COLUMNS: &str = "handlers.fingerprint, handlers.service, handlers.environment, handlers.kind, \
     handlers.route, handlers.method, handlers.action_form, handlers.action_file, handlers.action_name";

impl Store {
    /// All Handlers of a service that were ever seen and not forgotten.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM handlers WHERE service = ?");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(service).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }

    /// Names of all services that have Handlers, in alphabetical order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn services(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT DISTINCT service FROM handlers ORDER BY service")
            .fetch_all(&self.readers)
            .await?)
    }
}

static INSERT: Many = Many::new(|| {
    statements(
        "INSERT INTO handlers (fingerprint, service, environment, kind, route, method, action_form, action_file, \
         action_name)",
        9,
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
    };
    Ok((Fingerprint(row.try_get::<i64, _>(0)?.cast_unsigned()), handler))
}
