//! App facts: named values with the time they were first and last seen.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Store;
use super::statement::{number, query, scalar, text};
use crate::AppFact;
use crate::error::StoreError;

/// Facts that are read: each build has some dozens, and with its lists of routes and actions at most some thousands.
const MOST: i64 = 10_000;

/// Facts of a service that are kept: those of a few builds, each with all that the package lists.
const KEPT: i64 = 20_000;

impl Store {
    pub(crate) async fn app_facts(&self, service: &str) -> Result<Vec<AppFact>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT * FROM (SELECT service, environment, build, name, value, first_seen_ns, last_seen_ns FROM app_facts \
             WHERE service = $1 ORDER BY last_seen_ns DESC LIMIT $2) AS newest \
             ORDER BY name COLLATE \"C\", first_seen_ns, value COLLATE \"C\", build COLLATE \"C\"",
        )
        .bind(text(service))
        .bind(MOST)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let row = |row: &PgRow| {
            let told = |index: usize| {
                row.try_get::<String, _>(index).map(|text| Some(text).filter(|text| !text.is_empty()))
            };
            Ok(AppFact {
                service: row.try_get(0)?,
                environment: told(1)?,
                build: told(2)?,
                name: row.try_get(3)?,
                value: row.try_get(4)?,
                first_seen_ns: number(row, 5)?,
                last_seen_ns: number(row, 6)?,
            })
        };
        rows.iter().map(row).collect()
    }

    pub(crate) async fn trim_app_facts(&self) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let crowded: Vec<String> =
            scalar("SELECT service FROM app_facts GROUP BY service HAVING count(*) > $1")
                .bind(KEPT)
                .fetch_all(&mut *tx)
                .await?;
        let mut deleted = 0;
        for service in crowded {
            deleted += query(
                "DELETE FROM app_facts WHERE service = $1 AND last_seen_ns <= (SELECT last_seen_ns FROM app_facts \
                 WHERE service = $1 ORDER BY last_seen_ns DESC LIMIT 1 OFFSET $2)",
            )
            .bind(service)
            .bind(KEPT)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        tx.commit().await?;
        Ok(deleted)
    }
}

/// Widens the times in which facts were seen; order of arrival does not matter.
pub(super) async fn remember(tx: &mut PgConnection, facts: &[AppFact]) -> Result<(), sqlx::Error> {
    let mut seen: BTreeMap<[Cow<'_, str>; 5], (i64, i64)> = BTreeMap::new();
    for fact in facts {
        let key = [
            text(&fact.service),
            text(fact.environment.as_deref().unwrap_or_default()),
            text(fact.build.as_deref().unwrap_or_default()),
            text(&fact.name),
            text(&fact.value),
        ];
        let (first, last) = (fact.first_seen_ns.cast_signed(), fact.last_seen_ns.cast_signed());
        let times = seen.entry(key).or_insert((first, last));
        *times = (times.0.min(first), times.1.max(last));
    }
    if seen.is_empty() {
        return Ok(());
    }
    let column = |index: usize| -> Vec<&str> { seen.keys().map(|key| key[index].as_ref()).collect() };
    query(
        "INSERT INTO app_facts (service, environment, build, name, value, first_seen_ns, last_seen_ns) \
         SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) \
         ON CONFLICT (service, environment, name, value, build) DO UPDATE SET \
         first_seen_ns = least(app_facts.first_seen_ns, excluded.first_seen_ns), \
         last_seen_ns = greatest(app_facts.last_seen_ns, excluded.last_seen_ns) \
         WHERE app_facts.first_seen_ns > excluded.first_seen_ns OR app_facts.last_seen_ns < excluded.last_seen_ns",
    )
    .bind(column(0))
    .bind(column(1))
    .bind(column(2))
    .bind(column(3))
    .bind(column(4))
    .bind(seen.values().map(|(first, _)| *first).collect::<Vec<_>>())
    .bind(seen.values().map(|(_, last)| *last).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}
