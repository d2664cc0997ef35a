//! How the memory of advice is written: standing verdicts, recommendations with the changes of their states, Changes, runs.

use std::borrow::Cow;

use sqlx::PgConnection;

use super::statement::{query, text};
use crate::advice::{AdviceRun, ChangeRecord, RecommendationRecord, StandingRecord};

/// Runs that are remembered of a service: more than a year of daily ones.
const MOST_RUNS: i64 = 400;

/// Of which service and environment, as the tables have it.
pub(super) struct Of<'a> {
    pub(super) service: Cow<'a, str>,
    pub(super) environment: Cow<'a, str>,
}

impl<'a> Of<'a> {
    pub(super) fn new(service: &'a str, environment: Option<&'a str>) -> Self {
        Self { service: text(service), environment: text(environment.unwrap_or_default()) }
    }
}

pub(super) async fn put_changes(
    tx: &mut PgConnection,
    of: &Of<'_>,
    changes: &[ChangeRecord],
) -> Result<(), sqlx::Error> {
    for one in changes {
        query(
            "INSERT INTO changes (id, service, environment, outline) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET outline = excluded.outline",
        )
        .bind(one.id.cast_signed())
        .bind(&of.service)
        .bind(&of.environment)
        .bind(text(&one.outline))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn put_standing(
    tx: &mut PgConnection,
    of: &Of<'_>,
    standing: &[StandingRecord],
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO standing_verdicts (handler, service, environment, verdict, since_ns, seen_ns, provisional, flips, \
         candidate, candidate_runs) SELECT handler, $1, $2, verdict, since_ns, seen_ns, provisional, flips, candidate, \
         candidate_runs FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bool[], $8::bigint[], \
         $9::text[], $10::bigint[]) AS one (handler, verdict, since_ns, seen_ns, provisional, flips, candidate, \
         candidate_runs) \
         ON CONFLICT (handler) DO UPDATE SET verdict = excluded.verdict, since_ns = excluded.since_ns, \
         seen_ns = excluded.seen_ns, provisional = excluded.provisional, flips = excluded.flips, \
         candidate = excluded.candidate, candidate_runs = excluded.candidate_runs",
    )
    .bind(&of.service)
    .bind(&of.environment)
    .bind(standing.iter().map(|one| one.handler.0.cast_signed()).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| text(&one.verdict)).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| one.since_ns.cast_signed()).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| one.seen_ns.cast_signed()).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| one.provisional).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| i64::from(one.flips)).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| one.candidate.as_ref().map(|(verdict, _)| text(verdict))).collect::<Vec<_>>())
    .bind(standing.iter().map(|one| one.candidate.as_ref().map(|(_, runs)| i64::from(*runs))).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn put_recommendations(
    tx: &mut PgConnection,
    of: &Of<'_>,
    recommendations: &[RecommendationRecord],
) -> Result<(), sqlx::Error> {
    for one in recommendations {
        put_recommendation(tx, of, one).await?;
        put_transitions(tx, one).await?;
    }
    Ok(())
}

async fn put_recommendation(
    tx: &mut PgConnection,
    of: &Of<'_>,
    one: &RecommendationRecord,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO recommendations (handler, verdict, service, environment, state, until_ns, proposed_ns, promise, \
         applied_ns, successor, proof, change) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (handler, verdict) DO UPDATE SET state = excluded.state, until_ns = excluded.until_ns, \
         proposed_ns = excluded.proposed_ns, promise = excluded.promise, applied_ns = excluded.applied_ns, \
         successor = excluded.successor, proof = excluded.proof, change = excluded.change",
    )
    .bind(one.handler.0.cast_signed())
    .bind(text(&one.verdict))
    .bind(&of.service)
    .bind(&of.environment)
    .bind(text(&one.state))
    .bind(one.until_ns.map(u64::cast_signed))
    .bind(one.proposed_ns.cast_signed())
    .bind(text(&one.promise))
    .bind(one.applied_ns.map(u64::cast_signed))
    .bind(one.successor.map(|id| id.0.cast_signed()))
    .bind(one.proof.as_deref().map(text))
    .bind(one.change.map(u64::cast_signed))
    .execute(tx)
    .await?;
    Ok(())
}

async fn put_transitions(tx: &mut PgConnection, one: &RecommendationRecord) -> Result<(), sqlx::Error> {
    query("DELETE FROM recommendation_changes WHERE handler = $1 AND verdict = $2 AND number < $3")
        .bind(one.handler.0.cast_signed())
        .bind(text(&one.verdict))
        .bind(i64::from(one.transitions.first().map_or(0, |first| first.number)))
        .execute(&mut *tx)
        .await?;
    let transitions = &one.transitions;
    query(
        "INSERT INTO recommendation_changes (handler, verdict, number, at_ns, before, after, who, reason) \
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[]) \
         ON CONFLICT (handler, verdict, number) DO UPDATE SET at_ns = excluded.at_ns, before = excluded.before, \
         after = excluded.after, who = excluded.who, reason = excluded.reason",
    )
    .bind(one.handler.0.cast_signed())
    .bind(text(&one.verdict))
    .bind(transitions.iter().map(|one| i64::from(one.number)).collect::<Vec<_>>())
    .bind(transitions.iter().map(|one| one.at_ns.cast_signed()).collect::<Vec<_>>())
    .bind(transitions.iter().map(|one| one.before.as_deref().map(text)).collect::<Vec<_>>())
    .bind(transitions.iter().map(|one| text(&one.after)).collect::<Vec<_>>())
    .bind(transitions.iter().map(|one| text(&one.who)).collect::<Vec<_>>())
    .bind(transitions.iter().map(|one| text(&one.reason)).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn note_run(tx: &mut PgConnection, of: &Of<'_>, run: AdviceRun) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO advice_runs (service, environment, at_ns, handlers) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (service, environment, at_ns) DO UPDATE SET handlers = excluded.handlers",
    )
    .bind(&of.service)
    .bind(&of.environment)
    .bind(run.at_ns.cast_signed())
    .bind(run.handlers.cast_signed())
    .execute(&mut *tx)
    .await?;
    query(
        "DELETE FROM advice_runs WHERE service = $1 AND environment = $2 AND at_ns < (SELECT at_ns FROM advice_runs \
         WHERE service = $1 AND environment = $2 ORDER BY at_ns DESC LIMIT 1 OFFSET $3)",
    )
    .bind(&of.service)
    .bind(&of.environment)
    .bind(MOST_RUNS - 1)
    .execute(&mut *tx)
    .await?;
    query("DELETE FROM standing_verdicts WHERE service = $1 AND environment = $2 AND seen_ns < $3")
        .bind(&of.service)
        .bind(&of.environment)
        .bind(run.forget_before_ns.cast_signed())
        .execute(tx)
        .await?;
    Ok(())
}
