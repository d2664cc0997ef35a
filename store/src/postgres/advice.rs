//! The memory of advice: what is remembered of environments, and remembering a run or a decision. How its rows are written is in
//! `advice_rows`.

use std::collections::HashMap;

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Store;
use super::advice_rows::{Of, note_run, put_changes, put_recommendations, put_standing};
use super::statement::{made, number, optional, query, scalar, text};
use crate::Fingerprint;
use crate::advice::{
    AdviceChange, AdviceRecords, ChangeRecord, RecommendationRecord, StandingRecord, TransitionRecord,
};
use crate::error::StoreError;

/// What is remembered of each environment; `None` where none is declared.
type ByEnvironment = HashMap<Option<String>, AdviceRecords>;

/// What is read: one environment of a service, or all.
#[derive(Clone, Copy)]
struct Only<'a> {
    service: &'a str,
    environment: Option<Option<&'a str>>,
}

impl Only<'_> {
    async fn rows(self, tx: &mut PgConnection, select: &str, order: &str) -> Result<Vec<PgRow>, sqlx::Error> {
        let sql = format!("{select} WHERE service = $1 AND ($2 IS NULL OR environment = $2) {order}");
        let environment = self.environment.map(|environment| text(environment.unwrap_or_default()));
        made(sql).bind(text(self.service)).bind(environment).fetch_all(tx).await
    }
}

/// The records of the environment that the first column names.
fn of_environment<'f>(
    found: &'f mut ByEnvironment,
    row: &PgRow,
) -> Result<&'f mut AdviceRecords, sqlx::Error> {
    let environment: String = row.try_get(0)?;
    Ok(found.entry(Some(environment).filter(|name| !name.is_empty())).or_default())
}

impl Store {
    pub(crate) async fn advice(
        &self,
        service: &str,
        environment: Option<&str>,
    ) -> Result<AdviceRecords, StoreError> {
        let mut found = self.read_advice(Only { service, environment: Some(environment) }).await?;
        Ok(found.remove(&environment.map(str::to_owned)).unwrap_or_default())
    }

    pub(crate) async fn advice_of_service(
        &self,
        service: &str,
    ) -> Result<HashMap<Option<String>, AdviceRecords>, StoreError> {
        self.read_advice(Only { service, environment: None }).await
    }

    async fn read_advice(&self, only: Only<'_>) -> Result<ByEnvironment, StoreError> {
        // One state of the database: a change between two of these would be half of it.
        let mut tx = self.read().await?;
        let mut found = ByEnvironment::new();
        for row in only.rows(&mut tx, "SELECT environment, revision FROM advice_revisions", "").await? {
            of_environment(&mut found, &row)?.revision = number(&row, 1)?;
        }
        let runs = "SELECT environment, max(at_ns) FROM advice_runs";
        for row in only.rows(&mut tx, runs, "GROUP BY environment").await? {
            of_environment(&mut found, &row)?.last_run_ns = Some(number(&row, 1)?);
        }
        standing(&mut tx, only, &mut found).await?;
        recommendations(&mut tx, only, &mut found).await?;
        for row in only.rows(&mut tx, "SELECT environment, id, outline FROM changes", "ORDER BY id").await? {
            let record = ChangeRecord { id: number(&row, 1)?, outline: row.try_get(2)? };
            of_environment(&mut found, &row)?.changes.push(record);
        }
        tx.commit().await?;
        Ok(found)
    }

    pub(crate) async fn remember_advice(
        &self,
        service: &str,
        environment: Option<&str>,
        change: AdviceChange<'_>,
    ) -> Result<bool, StoreError> {
        let of = Of::new(service, environment);
        let mut tx = self.write().await?;
        if !raise_revision(&mut tx, &of, change.revision).await? {
            return Ok(false);
        }
        put_standing(&mut tx, &of, change.standing).await?;
        put_recommendations(&mut tx, &of, change.recommendations).await?;
        put_changes(&mut tx, &of, change.changes).await?;
        if let Some(run) = change.run {
            note_run(&mut tx, &of, run).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Raises the revision that was read; false when it is another one by now. The row is this transaction's until it ends, so that of
/// two who read the same one waits and then finds that it has changed.
async fn raise_revision(tx: &mut PgConnection, of: &Of<'_>, seen: u64) -> Result<bool, sqlx::Error> {
    query(
        "INSERT INTO advice_revisions (service, environment, revision) VALUES ($1, $2, 0) \
         ON CONFLICT (service, environment) DO NOTHING",
    )
    .bind(&of.service)
    .bind(&of.environment)
    .execute(&mut *tx)
    .await?;
    let raised: Option<i64> = scalar(
        "UPDATE advice_revisions SET revision = revision + 1 WHERE service = $1 AND environment = $2 AND revision = $3 \
         RETURNING revision",
    )
    .bind(&of.service)
    .bind(&of.environment)
    .bind(seen.cast_signed())
    .fetch_optional(tx)
    .await?;
    Ok(raised.is_some())
}

async fn standing(
    tx: &mut PgConnection,
    only: Only<'_>,
    found: &mut ByEnvironment,
) -> Result<(), sqlx::Error> {
    let select = "SELECT environment, handler, verdict, since_ns, seen_ns, provisional, flips, candidate, \
                  candidate_runs FROM standing_verdicts";
    for row in only.rows(tx, select, "ORDER BY handler").await? {
        let record = StandingRecord {
            handler: Fingerprint(number(&row, 1)?),
            verdict: row.try_get(2)?,
            since_ns: number(&row, 3)?,
            seen_ns: number(&row, 4)?,
            provisional: row.try_get(5)?,
            flips: small(number(&row, 6)?),
            candidate: row.try_get::<Option<String>, _>(7)?.zip(optional(&row, 8)?.map(small)),
        };
        of_environment(found, &row)?.standing.push(record);
    }
    Ok(())
}

async fn recommendations(
    tx: &mut PgConnection,
    only: Only<'_>,
    found: &mut ByEnvironment,
) -> Result<(), sqlx::Error> {
    let mut transitions = transitions(tx, only).await?;
    let select = "SELECT environment, handler, verdict, state, until_ns, proposed_ns, promise, applied_ns, successor, \
                  proof, change FROM recommendations";
    for row in only.rows(tx, select, "ORDER BY handler, verdict COLLATE \"C\"").await? {
        let (handler, verdict): (Fingerprint, String) = (Fingerprint(number(&row, 1)?), row.try_get(2)?);
        let record = RecommendationRecord {
            state: row.try_get(3)?,
            until_ns: optional(&row, 4)?,
            proposed_ns: number(&row, 5)?,
            promise: row.try_get(6)?,
            applied_ns: optional(&row, 7)?,
            successor: optional(&row, 8)?.map(Fingerprint),
            proof: row.try_get(9)?,
            change: optional(&row, 10)?,
            transitions: transitions.remove(&(handler, verdict.clone())).unwrap_or_default(),
            handler,
            verdict,
        };
        of_environment(found, &row)?.recommendations.push(record);
    }
    Ok(())
}

type Transitions = HashMap<(Fingerprint, String), Vec<TransitionRecord>>;

async fn transitions(tx: &mut PgConnection, only: Only<'_>) -> Result<Transitions, sqlx::Error> {
    let select = "SELECT handler, verdict, number, at_ns, before, after, who, reason FROM recommendations \
                  JOIN recommendation_changes USING (handler, verdict)";
    let mut transitions = Transitions::new();
    for row in &only.rows(tx, select, "ORDER BY handler, verdict, number").await? {
        let transition = TransitionRecord {
            number: small(number(row, 2)?),
            at_ns: number(row, 3)?,
            before: row.try_get(4)?,
            after: row.try_get(5)?,
            who: row.try_get(6)?,
            reason: row.try_get(7)?,
        };
        let of = (Fingerprint(number(row, 0)?), row.try_get(1)?);
        transitions.entry(of).or_default().push(transition);
    }
    Ok(transitions)
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
