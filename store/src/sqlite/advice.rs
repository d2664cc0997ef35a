//! The memory of advice: runs, standing verdicts, recommendations and their changes.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::many::{Many, statements};
use super::{Store, StoreError};
use crate::Fingerprint;
use crate::advice::{
    AdviceChange, AdviceRecords, AdviceRun, ChangeRecord, RecommendationRecord, StandingRecord,
    TransitionRecord,
};

/// Runs that are remembered of a service: more than a year of daily ones.
const MOST_RUNS: i64 = 400;

/// Of which service and environment, as the tables have it.
#[derive(Clone, Copy)]
struct Of<'a> {
    service: &'a str,
    environment: &'a str,
}

impl<'a> Of<'a> {
    fn new(service: &'a str, environment: Option<&'a str>) -> Self {
        Self { service, environment: environment.unwrap_or_default() }
    }
}

/// What is remembered of each environment; `None` where none is declared.
type ByEnvironment = HashMap<Option<String>, AdviceRecords>;

/// What is read: one environment of a service, or all.
#[derive(Clone, Copy)]
struct Only<'a> {
    service: &'a str,
    environment: Option<Option<&'a str>>,
}

impl Only<'_> {
    fn condition(self) -> &'static str {
        match self.environment {
            Some(_) => "service = ? AND environment = ?",
            None => "service = ?",
        }
    }

    async fn rows(self, tx: &mut SqliteConnection, sql: &str) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.service);
        match self.environment {
            Some(environment) => query.bind(environment.unwrap_or_default()).fetch_all(tx).await,
            None => query.fetch_all(tx).await,
        }
    }
}

/// The records of the environment that the first column names.
fn of_environment<'f>(
    found: &'f mut ByEnvironment,
    row: &SqliteRow,
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
        let mut tx = self.readers.begin().await?;
        let mut found = ByEnvironment::new();
        let sql = format!("SELECT environment, revision FROM advice_revisions WHERE {}", only.condition());
        for row in only.rows(&mut tx, &sql).await? {
            of_environment(&mut found, &row)?.revision = row.try_get::<i64, _>(1)?.cast_unsigned();
        }
        let sql = format!(
            "SELECT environment, max(at_ns) FROM advice_runs WHERE {} GROUP BY environment",
            only.condition()
        );
        for row in only.rows(&mut tx, &sql).await? {
            of_environment(&mut found, &row)?.last_run_ns = Some(time(&row, 1)?);
        }
        standing(&mut tx, only, &mut found).await?;
        recommendations(&mut tx, only, &mut found).await?;
        changes(&mut tx, only, &mut found).await?;
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
        if revision(&mut tx, of).await? != change.revision {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO advice_revisions (service, environment, revision) VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET revision = excluded.revision",
        )
        .bind(of.service)
        .bind(of.environment)
        .bind(change.revision.saturating_add(1).cast_signed())
        .execute(&mut *tx)
        .await?;
        put_standing(&mut tx, of, change.standing).await?;
        put_recommendations(&mut tx, of, change.recommendations).await?;
        put_changes(&mut tx, of, change.changes).await?;
        if let Some(run) = change.run {
            note_run(&mut tx, of, run).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

async fn revision(tx: &mut SqliteConnection, of: Of<'_>) -> Result<u64, sqlx::Error> {
    let revision: Option<i64> =
        sqlx::query_scalar("SELECT revision FROM advice_revisions WHERE service = ? AND environment = ?")
            .bind(of.service)
            .bind(of.environment)
            .fetch_optional(tx)
            .await?;
    Ok(revision.unwrap_or_default().cast_unsigned())
}

async fn standing(
    tx: &mut SqliteConnection,
    only: Only<'_>,
    found: &mut ByEnvironment,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT environment, handler, verdict, since_ns, seen_ns, provisional, flips, candidate, candidate_runs \
         FROM standing_verdicts WHERE {} ORDER BY handler",
        only.condition()
    );
    for row in only.rows(tx, &sql).await? {
        let record = StandingRecord {
            handler: fingerprint(&row, 1)?,
            verdict: row.try_get(2)?,
            since_ns: time(&row, 3)?,
            seen_ns: time(&row, 4)?,
            provisional: row.try_get(5)?,
            flips: row.try_get(6)?,
            candidate: row.try_get::<Option<String>, _>(7)?.zip(row.try_get(8)?),
        };
        of_environment(found, &row)?.standing.push(record);
    }
    Ok(())
}

async fn recommendations(
    tx: &mut SqliteConnection,
    only: Only<'_>,
    found: &mut ByEnvironment,
) -> Result<(), sqlx::Error> {
    let mut transitions = transitions(tx, only).await?;
    let sql = format!(
        "SELECT environment, handler, verdict, state, until_ns, proposed_ns, promise, applied_ns, successor, proof, \
         change \
         FROM recommendations WHERE {} ORDER BY handler, verdict",
        only.condition()
    );
    for row in only.rows(tx, &sql).await? {
        let (handler, verdict): (Fingerprint, String) = (fingerprint(&row, 1)?, row.try_get(2)?);
        let optional =
            |index: usize| row.try_get::<Option<i64>, _>(index).map(|it| it.map(i64::cast_unsigned));
        let record = RecommendationRecord {
            state: row.try_get(3)?,
            until_ns: optional(4)?,
            proposed_ns: time(&row, 5)?,
            promise: row.try_get(6)?,
            applied_ns: optional(7)?,
            successor: optional(8)?.map(Fingerprint),
            proof: row.try_get(9)?,
            change: optional(10)?,
            transitions: transitions.remove(&(handler, verdict.clone())).unwrap_or_default(),
            handler,
            verdict,
        };
        of_environment(found, &row)?.recommendations.push(record);
    }
    Ok(())
}

type Transitions = HashMap<(Fingerprint, String), Vec<TransitionRecord>>;

async fn transitions(tx: &mut SqliteConnection, only: Only<'_>) -> Result<Transitions, sqlx::Error> {
    let sql = format!(
        "SELECT handler, verdict, number, at_ns, before, after, who, reason FROM recommendations \
         JOIN recommendation_changes USING (handler, verdict) WHERE {} ORDER BY handler, verdict, number",
        only.condition()
    );
    let mut transitions = Transitions::new();
    for row in &only.rows(tx, &sql).await? {
        let transition = TransitionRecord {
            number: row.try_get(2)?,
            at_ns: time(row, 3)?,
            before: row.try_get(4)?,
            after: row.try_get(5)?,
            who: row.try_get(6)?,
            reason: row.try_get(7)?,
        };
        transitions.entry((fingerprint(row, 0)?, row.try_get(1)?)).or_default().push(transition);
    }
    Ok(transitions)
}

async fn changes(
    tx: &mut SqliteConnection,
    only: Only<'_>,
    found: &mut ByEnvironment,
) -> Result<(), sqlx::Error> {
    let sql = format!("SELECT environment, id, outline FROM changes WHERE {} ORDER BY id", only.condition());
    for row in only.rows(tx, &sql).await? {
        let record = ChangeRecord { id: row.try_get::<i64, _>(1)?.cast_unsigned(), outline: row.try_get(2)? };
        of_environment(found, &row)?.changes.push(record);
    }
    Ok(())
}

async fn put_changes(
    tx: &mut SqliteConnection,
    of: Of<'_>,
    changes: &[ChangeRecord],
) -> Result<(), sqlx::Error> {
    for one in changes {
        sqlx::query(
            "INSERT INTO changes (id, service, environment, outline) VALUES (?, ?, ?, ?) \
             ON CONFLICT DO UPDATE SET outline = excluded.outline",
        )
        .bind(one.id.cast_signed())
        .bind(of.service)
        .bind(of.environment)
        .bind(&one.outline)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

static PUT_STANDING: Many = Many::new(|| {
    statements(
        "INSERT INTO standing_verdicts (handler, service, environment, verdict, since_ns, seen_ns, provisional, flips, \
         candidate, candidate_runs)",
        10,
        "ON CONFLICT DO UPDATE SET verdict = excluded.verdict, since_ns = excluded.since_ns, \
         seen_ns = excluded.seen_ns, provisional = excluded.provisional, flips = excluded.flips, \
         candidate = excluded.candidate, candidate_runs = excluded.candidate_runs",
    )
});

async fn put_standing(
    tx: &mut SqliteConnection,
    of: Of<'_>,
    standing: &[StandingRecord],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Of<'_>, &StandingRecord)> = standing.iter().map(|one| (of, one)).collect();
    PUT_STANDING
        .run(tx, &rows, |query, (of, one)| {
            let candidate = one.candidate.as_ref();
            query
                .bind(one.handler.0.cast_signed())
                .bind(of.service)
                .bind(of.environment)
                .bind(&one.verdict)
                .bind(one.since_ns.cast_signed())
                .bind(one.seen_ns.cast_signed())
                .bind(one.provisional)
                .bind(one.flips)
                .bind(candidate.map(|(verdict, _)| verdict))
                .bind(candidate.map(|(_, runs)| runs))
        })
        .await?;
    Ok(())
}

static PUT_RECOMMENDATIONS: Many = Many::new(|| {
    statements(
        "INSERT INTO recommendations (handler, verdict, service, environment, state, until_ns, proposed_ns, promise, \
         applied_ns, successor, proof, change)",
        12,
        "ON CONFLICT DO UPDATE SET state = excluded.state, until_ns = excluded.until_ns, \
         proposed_ns = excluded.proposed_ns, promise = excluded.promise, applied_ns = excluded.applied_ns, \
         successor = excluded.successor, proof = excluded.proof, change = excluded.change",
    )
});

static PUT_TRANSITIONS: Many = Many::new(|| {
    statements(
        "INSERT INTO recommendation_changes (handler, verdict, number, at_ns, before, after, who, reason)",
        8,
        "ON CONFLICT DO UPDATE SET at_ns = excluded.at_ns, before = excluded.before, after = excluded.after, \
         who = excluded.who, reason = excluded.reason",
    )
});

async fn put_recommendations(
    tx: &mut SqliteConnection,
    of: Of<'_>,
    recommendations: &[RecommendationRecord],
) -> Result<(), sqlx::Error> {
    let rows: Vec<(Of<'_>, &RecommendationRecord)> = recommendations.iter().map(|one| (of, one)).collect();
    PUT_RECOMMENDATIONS
        .run(tx, &rows, |query, (of, one)| {
            query
                .bind(one.handler.0.cast_signed())
                .bind(&one.verdict)
                .bind(of.service)
                .bind(of.environment)
                .bind(&one.state)
                .bind(one.until_ns.map(u64::cast_signed))
                .bind(one.proposed_ns.cast_signed())
                .bind(&one.promise)
                .bind(one.applied_ns.map(u64::cast_signed))
                .bind(one.successor.map(|id| id.0.cast_signed()))
                .bind(&one.proof)
                .bind(one.change.map(u64::cast_signed))
        })
        .await?;
    for one in recommendations {
        sqlx::query("DELETE FROM recommendation_changes WHERE handler = ? AND verdict = ? AND number < ?")
            .bind(one.handler.0.cast_signed())
            .bind(&one.verdict)
            .bind(one.transitions.first().map_or(0, |first| first.number))
            .execute(&mut *tx)
            .await?;
        let rows: Vec<(&RecommendationRecord, &TransitionRecord)> =
            one.transitions.iter().map(|transition| (one, transition)).collect();
        PUT_TRANSITIONS
            .run(tx, &rows, |query, (one, transition)| {
                query
                    .bind(one.handler.0.cast_signed())
                    .bind(&one.verdict)
                    .bind(transition.number)
                    .bind(transition.at_ns.cast_signed())
                    .bind(&transition.before)
                    .bind(&transition.after)
                    .bind(&transition.who)
                    .bind(&transition.reason)
            })
            .await?;
    }
    Ok(())
}

async fn note_run(tx: &mut SqliteConnection, of: Of<'_>, run: AdviceRun) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO advice_runs (service, environment, at_ns, handlers) VALUES (?, ?, ?, ?) \
         ON CONFLICT DO UPDATE SET handlers = excluded.handlers",
    )
    .bind(of.service)
    .bind(of.environment)
    .bind(run.at_ns.cast_signed())
    .bind(run.handlers.cast_signed())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM advice_runs WHERE service = ?1 AND environment = ?2 AND at_ns < (SELECT at_ns FROM advice_runs \
         WHERE service = ?1 AND environment = ?2 ORDER BY at_ns DESC LIMIT 1 OFFSET ?3)",
    )
    .bind(of.service)
    .bind(of.environment)
    .bind(MOST_RUNS - 1)
    .execute(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM standing_verdicts WHERE service = ? AND environment = ? AND seen_ns < ?")
        .bind(of.service)
        .bind(of.environment)
        .bind(run.forget_before_ns.cast_signed())
        .execute(&mut *tx)
        .await?;
    Ok(())
}

fn fingerprint(row: &SqliteRow, index: usize) -> Result<Fingerprint, sqlx::Error> {
    Ok(Fingerprint(time(row, index)?))
}

fn time(row: &SqliteRow, index: usize) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(index)?.cast_unsigned())
}
