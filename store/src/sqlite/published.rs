//! Published reports: kept once, read back, trimmed; and their deliveries, each of which one process tries at a time.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::{Store, StoreError};
use crate::published::{Delivery, DeliveryState, KeptReport, ReportHead, ReportKey};

/// A report inflates to at most this many bytes; a longer one is refused, and one that claims more is damaged.
const MAX_INFLATED: usize = 64 << 20;
/// Measured on the report of the example shop's recording, 45 handlers: of 52 KB level 9 leaves 8.4, level 1 9.3; and a report is
/// made once a day.
const LEVEL: i32 = 9;

impl Store {
    pub(crate) async fn keep_report(
        &self,
        report: &KeptReport,
        targets: &[String],
        keep: u32,
    ) -> Result<bool, StoreError> {
        let key = &report.key;
        let damaged = |reason: String| StoreError::DamagedReport { at_ns: key.at_ns, reason };
        if report.payload.len() > MAX_INFLATED {
            return Err(damaged(format!(
                "it has {} bytes, more than the {MAX_INFLATED} of a kept one",
                report.payload.len()
            )));
        }
        let payload =
            zstd::bulk::compress(&report.payload, LEVEL).map_err(|error| damaged(error.to_string()))?;
        let mut tx = self.write().await?;
        let kept = sqlx::query(
            "INSERT INTO published_reports (service, environment, at_ns, made_ns, reason, inflated_bytes, payload) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&key.service)
        .bind(key.environment.as_deref().unwrap_or_default())
        .bind(key.at_ns.cast_signed())
        .bind(report.made_ns.cast_signed())
        .bind(&report.reason)
        .bind((report.payload.len() as u64).cast_signed())
        .bind(payload)
        .execute(&mut *tx)
        .await?;
        if kept.rows_affected() == 0 {
            return Ok(false);
        }
        for target in targets {
            sqlx::query(
                "INSERT INTO report_deliveries (service, environment, at_ns, target, state, attempts, next_try_ns) \
                 VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&key.service)
            .bind(key.environment.as_deref().unwrap_or_default())
            .bind(key.at_ns.cast_signed())
            .bind(target)
            .bind(DeliveryState::Waiting.as_str())
            .bind(report.made_ns.cast_signed())
            .execute(&mut *tx)
            .await?;
        }
        trim(&mut tx, key, keep).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn report_heads(
        &self,
        service: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ReportHead>, StoreError> {
        let rows = sqlx::query(
            "SELECT service, environment, at_ns, made_ns, reason, inflated_bytes FROM published_reports \
             WHERE ?1 IS NULL OR service = ?1 ORDER BY at_ns DESC, service, environment LIMIT ?2",
        )
        .bind(service)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(head(row)?)).collect()
    }

    pub(crate) async fn kept_report(&self, key: &ReportKey) -> Result<Option<KeptReport>, StoreError> {
        let row = sqlx::query(
            "SELECT service, environment, at_ns, made_ns, reason, inflated_bytes, payload FROM published_reports \
             WHERE service = ? AND environment = ? AND at_ns = ?",
        )
        .bind(&key.service)
        .bind(key.environment.as_deref().unwrap_or_default())
        .bind(key.at_ns.cast_signed())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(inflate).transpose()
    }

    pub(crate) async fn report_before(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
    ) -> Result<Option<KeptReport>, StoreError> {
        let row = sqlx::query(
            "SELECT service, environment, at_ns, made_ns, reason, inflated_bytes, payload FROM published_reports \
             WHERE service = ? AND environment = ? AND at_ns < ? ORDER BY at_ns DESC LIMIT 1",
        )
        .bind(service)
        .bind(environment.unwrap_or_default())
        .bind(at_ns.cast_signed())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(inflate).transpose()
    }

    pub(crate) async fn newest_reports(&self) -> Result<Vec<KeptReport>, StoreError> {
        let rows = sqlx::query(
            "SELECT service, environment, at_ns, made_ns, reason, inflated_bytes, payload FROM published_reports AS one \
             WHERE at_ns = (SELECT max(at_ns) FROM published_reports AS other \
             WHERE other.service = one.service AND other.environment = one.environment) \
             ORDER BY service, environment LIMIT 100",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(inflate).collect()
    }

    pub(crate) async fn deliveries_of(&self, key: &ReportKey) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT service, environment, at_ns, target, state, attempts, next_try_ns FROM report_deliveries \
             WHERE service = ? AND environment = ? AND at_ns = ? ORDER BY target",
        )
        .bind(&key.service)
        .bind(key.environment.as_deref().unwrap_or_default())
        .bind(key.at_ns.cast_signed())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(delivery(row)?)).collect()
    }

    pub(crate) async fn waiting_deliveries(
        &self,
        target: &str,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT service, environment, at_ns, target, state, attempts, next_try_ns FROM report_deliveries \
             WHERE state = 'waiting' AND target = ? ORDER BY next_try_ns, service, environment, at_ns LIMIT ?",
        )
        .bind(target)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(delivery(row)?)).collect()
    }

    pub(crate) async fn begin_delivery(
        &self,
        seen: &Delivery,
        lost_at_ns: u64,
    ) -> Result<Option<Delivery>, StoreError> {
        let attempts = seen.attempts.saturating_add(1);
        let begun =
            Delivery { attempts, next_try_ns: lost_at_ns, state: DeliveryState::Waiting, ..seen.clone() };
        let is_begun = self.change_delivery(seen, &begun).await?;
        Ok(is_begun.then_some(begun))
    }

    pub(crate) async fn end_delivery(
        &self,
        begun: &Delivery,
        state: DeliveryState,
        next_try_ns: u64,
    ) -> Result<bool, StoreError> {
        self.change_delivery(begun, &Delivery { state, next_try_ns, ..begun.clone() }).await
    }

    /// Changes a delivery that is still as it was seen.
    async fn change_delivery(&self, seen: &Delivery, after: &Delivery) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let changed = sqlx::query(
            "UPDATE report_deliveries SET state = ?, attempts = ?, next_try_ns = ? WHERE service = ? \
             AND environment = ? AND at_ns = ? AND target = ? AND state = 'waiting' AND attempts = ? AND next_try_ns = ?",
        )
        .bind(after.state.as_str())
        .bind(after.attempts)
        .bind(after.next_try_ns.cast_signed())
        .bind(&seen.report.service)
        .bind(seen.report.environment.as_deref().unwrap_or_default())
        .bind(seen.report.at_ns.cast_signed())
        .bind(&seen.target)
        .bind(seen.attempts)
        .bind(seen.next_try_ns.cast_signed())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() == 1)
    }
}

/// Removes all but the newest reports of a service and environment, and their deliveries.
async fn trim(tx: &mut SqliteConnection, key: &ReportKey, keep: u32) -> Result<(), sqlx::Error> {
    let oldest: Option<i64> = sqlx::query_scalar(
        "SELECT at_ns FROM published_reports WHERE service = ? AND environment = ? ORDER BY at_ns DESC LIMIT 1 OFFSET ?",
    )
    .bind(&key.service)
    .bind(key.environment.as_deref().unwrap_or_default())
    .bind(keep.max(1) - 1)
    .fetch_optional(&mut *tx)
    .await?;
    for statement in [
        "DELETE FROM published_reports WHERE service = ? AND environment = ? AND at_ns < ?",
        "DELETE FROM report_deliveries WHERE service = ? AND environment = ? AND at_ns < ?",
    ] {
        sqlx::query(statement)
            .bind(&key.service)
            .bind(key.environment.as_deref().unwrap_or_default())
            .bind(oldest.unwrap_or(i64::MIN))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

fn key(row: &SqliteRow) -> Result<ReportKey, sqlx::Error> {
    let environment: String = row.try_get(1)?;
    Ok(ReportKey {
        service: row.try_get(0)?,
        environment: Some(environment).filter(|name| !name.is_empty()),
        at_ns: number(row, 2)?,
    })
}

fn head(row: &SqliteRow) -> Result<ReportHead, sqlx::Error> {
    Ok(ReportHead {
        key: key(row)?,
        made_ns: number(row, 3)?,
        reason: row.try_get(4)?,
        bytes: number(row, 5)?,
    })
}

fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
    let state: &str = row.try_get(4)?;
    Ok(Delivery {
        report: key(row)?,
        target: row.try_get(3)?,
        // A word that nobody knows is of a newer version; not to be tried is the safe reading.
        state: DeliveryState::from_word(state).unwrap_or(DeliveryState::GivenUp),
        attempts: row.try_get(5)?,
        next_try_ns: number(row, 6)?,
    })
}

fn inflate(row: &SqliteRow) -> Result<KeptReport, StoreError> {
    let ReportHead { key, made_ns, reason, bytes } = head(row)?;
    let damaged = |reason: String| StoreError::DamagedReport { at_ns: key.at_ns, reason };
    let capacity = usize::try_from(bytes).unwrap_or(usize::MAX);
    if capacity > MAX_INFLATED {
        return Err(damaged(format!("it claims {bytes} bytes")));
    }
    let payload: &[u8] = row.try_get(6)?;
    let payload = zstd::bulk::decompress(payload, capacity).map_err(|error| damaged(error.to_string()))?;
    Ok(KeptReport { key, made_ns, reason, payload })
}

fn number(row: &SqliteRow, index: usize) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(index)?.cast_unsigned())
}
