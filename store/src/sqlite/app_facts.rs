//! App facts: named values with the time they were first and last seen.

use sqlx::{Row, SqliteConnection};

use super::many::{Many, statements};
use super::{Store, StoreError};
use crate::AppFact;

/// Facts that are read: each build has some dozens, and with its lists of routes and actions at most some thousands; a report
/// must not grow with the age of the app.
const MOST: i64 = 10_000;

/// Facts of a service that are kept: those of a few builds, each with all that the package lists.
const KEPT: i64 = 20_000;

impl Store {
    pub(crate) async fn app_facts(&self, service: &str) -> Result<Vec<AppFact>, StoreError> {
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

impl Store {
    pub(crate) async fn trim_app_facts(&self) -> Result<u64, StoreError> {
        self.trim_app_facts_to(KEPT).await
    }

    async fn trim_app_facts_to(&self, kept: i64) -> Result<u64, StoreError> {
        let crowded: Vec<String> =
            sqlx::query_scalar("SELECT service FROM app_facts GROUP BY service HAVING count(*) > ?")
                .bind(kept)
                .fetch_all(&self.readers)
                .await?;
        let mut deleted = 0;
        for service in crowded {
            let mut tx = self.write().await?;
            deleted += sqlx::query(
                "DELETE FROM app_facts WHERE service = ?1 AND last_seen_ns <= (SELECT last_seen_ns FROM app_facts \
                 WHERE service = ?1 ORDER BY last_seen_ns DESC LIMIT 1 OFFSET ?2)",
            )
            .bind(service)
            .bind(kept)
            .execute(&mut *tx)
            .await?
            .rows_affected();
            tx.commit().await?;
        }
        Ok(deleted)
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::BlockId;

    #[tokio::test]
    async fn of_too_many_facts_those_go_that_were_not_seen_for_longest() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("facts.db")).await.unwrap();
        let fact = |service: &str, number: u64| AppFact {
            service: service.to_owned(),
            environment: None,
            build: Some(format!("b{number}")),
            name: "pointsman.next.routes".to_owned(),
            value: "/".to_owned(),
            first_seen_ns: 0,
            last_seen_ns: number,
        };
        let shop: Vec<AppFact> = (1..=30).map(|number| fact("shop", number)).collect();
        let facts = [shop, vec![fact("blog", 1)]].concat();
        store.commit_calls(&[], &facts, BlockId(0)).await.unwrap();
        assert_eq!(store.trim_app_facts_to(30).await.unwrap(), 0);
        assert_eq!(store.trim_app_facts_to(10).await.unwrap(), 20);
        let left = store.app_facts("shop").await.unwrap();
        assert_eq!(left.len(), 10);
        assert!(left.iter().all(|fact| fact.last_seen_ns > 20), "{left:?}");
        assert_eq!(store.app_facts("blog").await.unwrap().len(), 1, "another service has its own room");
    }
}
