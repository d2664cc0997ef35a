//! Handlers: the dictionary from a fingerprint to who that is.

use std::collections::{BTreeMap, HashMap};

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Store;
use super::statement::{made, query, scalar, text};
use crate::error::StoreError;
use crate::{Action, Fingerprint, Handler, HandlerKind, Hour};

/// In the order in which [`read`] expects them.
const COLUMNS: &str = "fingerprint, service, environment, kind, route, method, action_form, action_file, action_name, operation";

impl Store {
    pub(crate) async fn handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM handlers WHERE service = $1");
        let rows = made(sql).bind(text(service)).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        rows.iter().map(|row| Ok(read(row)?)).collect()
    }

    pub(crate) async fn handler(&self, id: Fingerprint) -> Result<Option<Handler>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT {COLUMNS} FROM handlers WHERE fingerprint = $1");
        let row = made(sql).bind(id.0.cast_signed()).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        Ok(row.map(|row| read(&row)).transpose()?.map(|(_, handler)| handler))
    }

    pub(crate) async fn handlers_called(&self, service: &str) -> Result<Vec<(Handler, u64)>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT max(start_ns) FROM calls WHERE handler = fingerprint), \
             (SELECT max(hour) FROM rollups WHERE handler = fingerprint) FROM handlers WHERE service = $1"
        );
        let rows = made(sql).bind(text(service)).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let row = |row: &PgRow| {
            let (_, handler) = read(row)?;
            let (call, hour): (Option<i64>, Option<i64>) = (row.try_get(10)?, row.try_get(11)?);
            Ok((handler, call.map_or(0, i64::cast_unsigned).max(hour.map_or(0, start_of))))
        };
        Ok(rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn apps_called(&self) -> Result<Vec<(String, Option<String>, u64)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT service, environment, max(coalesce((SELECT max(start_ns) FROM calls WHERE handler = fingerprint), 0)), \
             max(coalesce((SELECT max(hour) FROM rollups WHERE handler = fingerprint), 0)) \
             FROM handlers GROUP BY service, environment",
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let row = |row: &PgRow| {
            let (call, hour): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
            Ok((row.try_get(0)?, row.try_get(1)?, call.cast_unsigned().max(start_of(hour))))
        };
        let mut apps: Vec<(String, Option<String>, u64)> =
            rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?;
        apps.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        Ok(apps)
    }

    /// Deletes Handlers of which nothing is left: no Call, no Rollup and no advice. Nobody stores Calls meanwhile, or one of a
    /// Handler that goes might lose it.
    pub(super) async fn forget_silent_handlers(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("SELECT FROM leases WHERE name = 'extraction' FOR UPDATE").execute(&mut *tx).await?;
        query(
            "DELETE FROM handlers WHERE NOT EXISTS (SELECT FROM calls WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT FROM rollups WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT FROM standing_verdicts WHERE handler = fingerprint) \
             AND NOT EXISTS (SELECT FROM recommendations WHERE handler = fingerprint OR successor = fingerprint)",
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn services(&self) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let mut services: Vec<String> =
            scalar("SELECT DISTINCT service FROM handlers").fetch_all(&mut *tx).await?;
        tx.commit().await?;
        // In the order of their letters' codes, whatever the server's language is.
        services.sort_unstable();
        Ok(services)
    }
}

fn start_of(hour: i64) -> u64 {
    Hour(u32::try_from(hour).unwrap_or_default()).start_ns()
}

/// Makes Handlers known; one that is known already stays as it was first seen.
pub(super) async fn remember(
    tx: &mut PgConnection,
    handlers: &BTreeMap<Fingerprint, &Handler>,
) -> Result<(), sqlx::Error> {
    if handlers.is_empty() {
        return Ok(());
    }
    let words = |of: for<'h> fn(&'h Handler) -> &'h str| -> Vec<_> {
        handlers.values().map(|handler| text(of(handler))).collect()
    };
    let told = |of: for<'h> fn(&'h Handler) -> Option<&'h str>| -> Vec<_> {
        handlers.values().map(|handler| of(handler).map(text)).collect()
    };
    query(
        "INSERT INTO handlers (fingerprint, service, environment, kind, route, method, action_form, action_file, \
         action_name, operation) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], \
         $6::text[], $7::text[], $8::text[], $9::text[], $10::text[]) ON CONFLICT DO NOTHING",
    )
    .bind(handlers.keys().map(|id| id.0.cast_signed()).collect::<Vec<_>>())
    .bind(words(|handler| &handler.service))
    .bind(told(|handler| handler.environment.as_deref()))
    .bind(words(|handler| handler.kind.as_str()))
    .bind(words(|handler| &handler.route))
    .bind(words(|handler| &handler.method))
    .bind(told(|handler| handler.action.as_ref().map(form)))
    .bind(told(|handler| match &handler.action {
        Some(Action::Export { file, .. }) => Some(file),
        _ => None,
    }))
    .bind(told(|handler| match &handler.action {
        Some(Action::Export { name, .. } | Action::Id(name)) => Some(name),
        _ => None,
    }))
    .bind(told(|handler| handler.operation.as_deref()))
    .execute(tx)
    .await?;
    Ok(())
}

fn form(action: &Action) -> &'static str {
    match action {
        Action::Export { .. } => "export",
        Action::Id(_) => "id",
        Action::Unnamed => "unnamed",
        Action::NotFound => "not_found",
    }
}

/// Reads [`COLUMNS`] from the front of a row.
fn read(row: &PgRow) -> Result<(Fingerprint, Handler), sqlx::Error> {
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
