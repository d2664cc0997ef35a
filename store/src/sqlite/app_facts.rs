//! App facts: named values with the time they were first and last seen.

use sqlx::{Row, SqliteConnection};

use super::many::{Many, statements};
use super::{Store, StoreError};
use crate::AppFact;

/// Facts that are read: each build has some dozens, and a report must not grow with the age of the app.
const MOST: i64 = 10_000;

impl Store {
    /// The facts of a service, of more than 10,000 those that were seen last, ordered by name and then by when they were first seen.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn app_facts(&self, service: &str) -> Result<Vec<AppFact>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM (SELECT service, environment, build, name, value, first_seen_ns, last_seen_ns FROM app_facts \
             WHERE service = ? ORDER BY last_seen_ns DESC LIMIT ?) ORDER BY name, first_seen_ns, value, build",
        )
        .bind(service)
        .bind(MOST)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let told = |index: usize| {
                    row.try_get::<String, _>(index).map(|text| Some(text).filter(|text| !text.is_empty()))
                };
                Ok(AppFact {
                    service: row.try_get(0)?,
                    environment: told(1)?,
                    build: told(2)?,
                    name: row.try_get(3)?,
                    value: row.try_get(4)?,
                    first_seen_ns: row.try_get::<i64, _>(5)?.cast_unsigned(),
                    last_seen_ns: row.try_get::<i64, _>(6)?.cast_unsigned(),
                })
            })
            .collect()
    }
}

static INSERT: Many = Many::new(|| {
    statements(
        "INSERT INTO app_facts (service, environment, build, name, value, first_seen_ns, last_seen_ns)",
        7,
        "ON CONFLICT DO UPDATE SET first_seen_ns = min(first_seen_ns, excluded.first_seen_ns), \
         last_seen_ns = max(last_seen_ns, excluded.last_seen_ns)",
    )
});

/// Widens the times in which facts were seen; order of arrival does not matter.
pub(super) async fn remember(tx: &mut SqliteConnection, facts: &[AppFact]) -> Result<(), sqlx::Error> {
    INSERT
        .run(tx, facts, |query, fact| {
            query
                .bind(&fact.service)
                .bind(fact.environment.as_deref().unwrap_or_default())
                .bind(fact.build.as_deref().unwrap_or_default())
                .bind(&fact.name)
                .bind(&fact.value)
                .bind(fact.first_seen_ns.cast_signed())
                .bind(fact.last_seen_ns.cast_signed())
        })
        .await?;
    Ok(())
}
