//! Rollups go day by day, over all handlers. Never deleted: those of the last 35 days, because blockers look at them.

use super::Trim;
use crate::error::StoreError;
use crate::oldest::{Excess, nanos};
use crate::postgres::statement::{query, scalar};
use crate::postgres::volumes::{self, ROLLUP_KEY_BYTES};
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
        let (mut rows, mut bytes, mut why) = (0_i64, 0_i64, None);
        for _ in 0..STEP_DAYS {
            let Some(candidate) = queue.peek() else { break };
            let hour = candidate.hour();
            let reason = excess.reason(hour, bytes.max(0).cast_unsigned(), hour < protected);
            if reason.is_none() || why.is_some_and(|why| Some(why) != reason) {
                break;
            }
            let Some(candidate) = queue.pop() else { break };
            let limit = match reason {
                Some(Reason::Age) => Hour::of(excess.before_ns),
                _ => protected,
            };
            let end = limit.0.min(hour.0 + DAY_HOURS);
            let gone: Vec<i64> = scalar(
                "DELETE FROM rollups WHERE handler = $1 AND hour >= $2 AND hour < $3 RETURNING length(payload)::bigint",
            )
            .bind(candidate.handler)
            .bind(i64::from(hour.0))
            .bind(i64::from(end))
            .fetch_all(&mut *tx)
            .await?;
            let next: Option<i64> =
                scalar("SELECT min(hour) * 3600000000000 FROM rollups WHERE handler = $1")
                    .bind(candidate.handler)
                    .fetch_one(&mut *tx)
                    .await?;
            queue.put_back(candidate, next);
            rows += crate::postgres::statement::count(gone.len());
            bytes += gone.iter().map(|payload| payload + ROLLUP_KEY_BYTES).sum::<i64>();
            why = reason;
        }
        if rows > 0 {
            volumes::add(&mut tx, Kind::Rollups, 0, -rows, -bytes).await?;
            // Nothing of these hours is left that could be rolled up wrongly.
            query("DELETE FROM closed_hours WHERE hour < $1")
                .bind(i64::from(Hour::of(excess.before_ns).0))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.oldest = Some(queue);
        let trimmed = |reason: Reason| Trimmed {
            kind: Kind::Rollups,
            reason,
            rows: rows.max(0).cast_unsigned(),
            bytes: bytes.max(0).cast_unsigned(),
        };
        Ok(why.map(trimmed))
    }
}
