//! Rollups go day by day, over all handlers. Never deleted: those of the last 35 days, because blockers look at them.

use super::{Trim, subtract};
use crate::oldest::{Excess, nanos};
use crate::sqlite::StoreError;
use crate::sqlite::volumes::ROLLUP_KEY_BYTES;
use crate::{Hour, Kind, MIN_ROLLUP_AGE, Reason, Trimmed};

/// Handlers' days in one step; a day is at most 24 Rollups.
const STEP_DAYS: usize = 32;
const DAY_HOURS: u32 = 24;

impl Trim {
    pub(super) async fn trim_rollups(&mut self, excess: Excess) -> Result<Option<Trimmed>, StoreError> {
        let protected = Hour::of(self.now_ns.saturating_sub(nanos(MIN_ROLLUP_AGE)));
        let excess = Excess { before_ns: excess.before_ns.min(protected.start_ns()), ..excess };
        let mut queue = self.queue(Kind::Rollups).await?;
        let mut tx = self.store.write().await?;
        let (mut rows, mut bytes, mut why) = (0, 0, None);
        for _ in 0..STEP_DAYS {
            let Some(candidate) = queue.peek() else { break };
            let hour = candidate.hour();
            let reason = excess.reason(hour, bytes, hour < protected);
            if reason.is_none() || why.is_some_and(|why| Some(why) != reason) {
                break;
            }
            let Some(candidate) = queue.pop() else { break };
            let limit = match reason {
                Some(Reason::Age) => Hour::of(excess.before_ns),
                _ => protected,
            };
            let end = limit.0.min(hour.0 + DAY_HOURS);
            let (count, held): (i64, i64) = sqlx::query_as(
                "SELECT count(*), coalesce(sum(length(payload) + ?), 0) FROM rollups \
                 WHERE handler = ? AND hour >= ? AND hour < ?",
            )
            .bind(ROLLUP_KEY_BYTES)
            .bind(candidate.handler)
            .bind(hour.0)
            .bind(end)
            .fetch_one(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM rollups WHERE handler = ? AND hour >= ? AND hour < ?")
                .bind(candidate.handler)
                .bind(hour.0)
                .bind(end)
                .execute(&mut *tx)
                .await?;
            let next: Option<i64> =
                sqlx::query_scalar("SELECT min(hour) * 3600000000000 FROM rollups WHERE handler = ?")
                    .bind(candidate.handler)
                    .fetch_one(&mut *tx)
                    .await?;
            queue.put_back(candidate, next);
            rows += count.max(0).cast_unsigned();
            bytes += held.max(0).cast_unsigned();
            why = reason;
        }
        if rows > 0 {
            subtract(&mut tx, Kind::Rollups, rows, bytes).await?;
            // Nothing of these hours is left that could be rolled up wrongly.
            sqlx::query("DELETE FROM closed_hours WHERE hour < ?")
                .bind(Hour::of(excess.before_ns).0)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.oldest = Some(queue);
        let trimmed = |reason: Reason| Trimmed { kind: Kind::Rollups, reason, rows, bytes };
        Ok(why.map(trimmed))
    }
}
