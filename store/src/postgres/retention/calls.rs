//! Calls go hour by hour, over all handlers. Never deleted: Calls of an hour that is not rolled up yet, or beside one
//! (its sequences reach over the edge), and Calls whose hour may still change.
//!
//! An hour that lost Calls is closed: its Rollups stay as they are. A Call that comes later still can no longer be
//! counted, because counting an hour again needs all of its Calls.

use sqlx::PgConnection;

use super::Trim;
use crate::error::StoreError;
use crate::oldest::{Candidate, Excess, Oldest};
use crate::postgres::Store;
use crate::postgres::statement::{query, scalar};
use crate::postgres::volumes;
use crate::{Hour, Kind, Reason, Trimmed};

/// Calls in one step, and how many handlers' hours they may come from.
const STEP_CALLS: u64 = 5_000;
const STEP_HOURS: usize = 32;

/// Calls younger than this are never deleted for their size: their hour is still being counted.
const SETTLES_AFTER_NS: u64 = 2 * Hour::NANOS;

impl Store {
    /// Calls that started before have been extracted and will hardly be joined by others.
    pub(super) async fn settled_before(&self, now_ns: u64) -> Result<u64, StoreError> {
        let mut tx = self.read().await?;
        let waiting: Option<i64> = scalar(
            "SELECT min((SELECT received_ns FROM blocks WHERE blocks.collector = collectors.id \
             AND number > coalesce(extraction.number, 0) ORDER BY number LIMIT 1)) \
             FROM collectors LEFT JOIN extraction ON extraction.collector = collectors.id \
             WHERE newest > coalesce(extraction.number, 0)",
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        let oldest_change = waiting.map_or(now_ns, |at| now_ns.min(at.max(0).cast_unsigned()));
        Ok(oldest_change.saturating_sub(SETTLES_AFTER_NS))
    }
}

impl Trim {
    pub(super) async fn trim_calls(&mut self, excess: Excess) -> Result<Option<Trimmed>, StoreError> {
        let volume = self.store.volumes().await?.calls;
        let average = volume.bytes / volume.rows.max(1);
        let mut queue = self.queue(Kind::Calls).await?;
        let mut tx = self.store.write().await?;
        let (mut rows, mut why) = (0, None);
        for _ in 0..STEP_HOURS {
            let Some(candidate) = queue.peek() else { break };
            let settled = candidate.hour().end_ns() <= self.settled_ns;
            let reason = excess.reason(candidate.hour(), rows * average, settled);
            if reason.is_none() || why.is_some_and(|why| Some(why) != reason) || rows >= STEP_CALLS {
                break;
            }
            let Some(candidate) = queue.pop() else { break };
            rows += delete(&mut tx, &mut queue, candidate, STEP_CALLS - rows).await?;
            why = reason;
        }
        volumes::add(&mut tx, Kind::Calls, 0, -rows.cast_signed(), 0).await?;
        // Late Calls have marked hours that can no longer be rolled up.
        query("DELETE FROM dirty_hours WHERE (service, hour) IN (SELECT service, hour FROM closed_hours)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        // A failed step leaves no queue behind: the next one reads it again.
        self.oldest = Some(queue);
        let trimmed = |reason: Reason| Trimmed { kind: Kind::Calls, reason, rows, bytes: rows * average };
        Ok(why.map(trimmed))
    }
}

/// Deletes up to `most` Calls of a handler's oldest hour and puts it back into the queue. An hour that must stay is
/// passed over.
async fn delete(
    tx: &mut PgConnection,
    queue: &mut Oldest,
    candidate: Candidate,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let (hour, from) = (candidate.hour(), candidate.oldest_ns.cast_signed());
    let end = hour.end_ns().cast_signed();
    let mut deleted = 0;
    let mut next_from = end;
    if !is_being_counted(tx, &candidate.service, hour).await? {
        // Calls of one instant go together.
        let last: Option<i64> = scalar(
            "SELECT start_ns FROM calls WHERE handler = $1 AND start_ns >= $2 AND start_ns < $3 \
             ORDER BY start_ns LIMIT 1 OFFSET $4",
        )
        .bind(candidate.handler)
        .bind(from)
        .bind(end)
        .bind(most.max(1).cast_signed() - 1)
        .fetch_optional(&mut *tx)
        .await?;
        next_from = last.map_or(end, |last| last + 1);
        deleted = query("DELETE FROM calls WHERE handler = $1 AND start_ns >= $2 AND start_ns < $3")
            .bind(candidate.handler)
            .bind(from)
            .bind(next_from)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        query("INSERT INTO closed_hours (service, hour) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&*candidate.service)
            .bind(i64::from(hour.0))
            .execute(&mut *tx)
            .await?;
    }
    let next: Option<i64> = scalar("SELECT min(start_ns) FROM calls WHERE handler = $1 AND start_ns >= $2")
        .bind(candidate.handler)
        .bind(next_from)
        .fetch_one(&mut *tx)
        .await?;
    queue.put_back(candidate, next);
    Ok(deleted)
}

/// Whether this hour or one beside it still has to be rolled up.
async fn is_being_counted(tx: &mut PgConnection, service: &str, hour: Hour) -> Result<bool, sqlx::Error> {
    scalar(
        "SELECT EXISTS (SELECT FROM dirty_hours WHERE service = $1 AND hour BETWEEN $2 - 1 AND $2 + 1 \
         AND NOT EXISTS (SELECT FROM closed_hours \
         WHERE closed_hours.service = dirty_hours.service AND closed_hours.hour = dirty_hours.hour))",
    )
    .bind(service)
    .bind(i64::from(hour.0))
    .fetch_one(tx)
    .await
}
