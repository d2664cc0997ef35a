//! Published reports: kept once, read back, trimmed; and their deliveries, each of which one process tries at a time.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Store;
use super::statement::{made, number, query, scalar, text};
use crate::error::StoreError;
use crate::published::{Delivery, DeliveryState, KeptReport, ReportHead, ReportKey};

/// A report inflates to at most this many bytes; a longer one is refused, and one that claims more is damaged.
const MAX_INFLATED: usize = 64 << 20;
/// As in SQLite: a report is made once a day.
const LEVEL: i32 = 9;

/// In the order in which [`head`] expects them.
const HEAD: &str = "service, environment, at_ns, made_ns, reason, inflated_bytes";
/// In the order in which [`delivery`] expects them.
const DELIVERY: &str = "service, environment, at_ns, target, state, attempts, next_try_ns";

/// A key as it is bound.
fn environment_of(key: &ReportKey) -> std::borrow::Cow<'_, str> {
    text(key.environment.as_deref().unwrap_or_default())
}

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
            let bytes = report.payload.len();
            return Err(damaged(format!("it has {bytes} bytes, more than the {MAX_INFLATED} of a kept one")));
        }
        let payload =
            zstd::bulk::compress(&report.payload, LEVEL).map_err(|error| damaged(error.to_string()))?;
        let mut tx = self.write().await?;
        let kept = query(
            "INSERT INTO published_reports (service, environment, at_ns, made_ns, reason, inflated_bytes, payload) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (service, environment, at_ns) DO NOTHING",
        )
        .bind(text(&key.service))
        .bind(environment_of(key))
        .bind(key.at_ns.cast_signed())
        .bind(report.made_ns.cast_signed())
        .bind(text(&report.reason))
        .bind((report.payload.len() as u64).cast_signed())
        .bind(payload)
        .execute(&mut *tx)
        .await?;
        if kept.rows_affected() == 0 {
            return Ok(false);
        }
        query(
            "INSERT INTO report_deliveries (service, environment, at_ns, target, state, attempts, next_try_ns) \
             SELECT $1, $2, $3, target, $5, 0, $6 FROM unnest($4::text[]) AS receiver (target) ON CONFLICT DO NOTHING",
        )
        .bind(text(&key.service))
        .bind(environment_of(key))
        .bind(key.at_ns.cast_signed())
        .bind(targets)
        .bind(DeliveryState::Waiting.as_str())
        .bind(report.made_ns.cast_signed())
        .execute(&mut *tx)
        .await?;
        trim(&mut tx, key, keep).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn report_heads(
        &self,
        service: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ReportHead>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {HEAD} FROM published_reports WHERE $1 IS NULL OR service = $1 \
             ORDER BY at_ns DESC, service COLLATE \"C\", environment COLLATE \"C\" LIMIT $2"
        );
        let rows = made(sql).bind(service.map(text)).bind(i64::from(limit)).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        rows.iter().map(|row| Ok(head(row)?)).collect()
    }

    pub(crate) async fn kept_report(&self, key: &ReportKey) -> Result<Option<KeptReport>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {HEAD}, payload FROM published_reports WHERE service = $1 AND environment = $2 AND at_ns = $3"
        );
        let row = made(sql)
            .bind(text(&key.service))
            .bind(environment_of(key))
            .bind(key.at_ns.cast_signed())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map(inflate).transpose()
    }

    pub(crate) async fn report_before(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
    ) -> Result<Option<KeptReport>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {HEAD}, payload FROM published_reports WHERE service = $1 AND environment = $2 AND at_ns < $3 \
             ORDER BY at_ns DESC LIMIT 1"
        );
        let row = made(sql)
            .bind(text(service))
            .bind(text(environment.unwrap_or_default()))
            .bind(at_ns.cast_signed())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.as_ref().map(inflate).transpose()
    }

    pub(crate) async fn newest_reports(&self) -> Result<Vec<KeptReport>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {HEAD}, payload FROM published_reports AS one \
             WHERE at_ns = (SELECT max(at_ns) FROM published_reports AS other \
             WHERE other.service = one.service AND other.environment = one.environment) \
             ORDER BY service COLLATE \"C\", environment COLLATE \"C\" LIMIT 100"
        );
        let rows = made(sql).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        rows.iter().map(inflate).collect()
    }

    pub(crate) async fn deliveries_of(&self, key: &ReportKey) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {DELIVERY} FROM report_deliveries WHERE service = $1 AND environment = $2 AND at_ns = $3 \
             ORDER BY target COLLATE \"C\""
        );
        let rows = made(sql)
            .bind(text(&key.service))
            .bind(environment_of(key))
            .bind(key.at_ns.cast_signed())
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        rows.iter().map(|row| Ok(delivery(row)?)).collect()
    }

    pub(crate) async fn waiting_deliveries(
        &self,
        target: &str,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {DELIVERY} FROM report_deliveries WHERE state = 'waiting' AND target = $1 \
             ORDER BY next_try_ns, service COLLATE \"C\", environment COLLATE \"C\", at_ns LIMIT $2"
        );
        let rows = made(sql).bind(text(target)).bind(i64::from(limit)).fetch_all(&mut *tx).await?;
        tx.commit().await?;
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
        let changed = query(
            "UPDATE report_deliveries SET state = $1, attempts = $2, next_try_ns = $3 WHERE service = $4 \
             AND environment = $5 AND at_ns = $6 AND target = $7 AND state = 'waiting' AND attempts = $8 \
             AND next_try_ns = $9",
        )
        .bind(after.state.as_str())
        .bind(i64::from(after.attempts))
        .bind(after.next_try_ns.cast_signed())
        .bind(text(&seen.report.service))
        .bind(environment_of(&seen.report))
        .bind(seen.report.at_ns.cast_signed())
        .bind(text(&seen.target))
        .bind(i64::from(seen.attempts))
        .bind(seen.next_try_ns.cast_signed())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() == 1)
    }
}

/// Removes all but the newest reports of a service and environment, and their deliveries.
async fn trim(tx: &mut PgConnection, key: &ReportKey, keep: u32) -> Result<(), sqlx::Error> {
    let oldest: Option<i64> = scalar(
        "SELECT at_ns FROM published_reports WHERE service = $1 AND environment = $2 ORDER BY at_ns DESC LIMIT 1 OFFSET $3",
    )
    .bind(text(&key.service))
    .bind(environment_of(key))
    .bind(i64::from(keep.max(1) - 1))
    .fetch_optional(&mut *tx)
    .await?;
    for statement in [
        "DELETE FROM published_reports WHERE service = $1 AND environment = $2 AND at_ns < $3",
        "DELETE FROM report_deliveries WHERE service = $1 AND environment = $2 AND at_ns < $3",
    ] {
        query(statement)
            .bind(text(&key.service))
            .bind(environment_of(key))
            .bind(oldest.unwrap_or(i64::MIN))
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

fn key(row: &PgRow) -> Result<ReportKey, sqlx::Error> {
    let environment: String = row.try_get(1)?;
    Ok(ReportKey {
        service: row.try_get(0)?,
        environment: Some(environment).filter(|name| !name.is_empty()),
        at_ns: number(row, 2)?,
    })
}

fn head(row: &PgRow) -> Result<ReportHead, sqlx::Error> {
    Ok(ReportHead {
        key: key(row)?,
        made_ns: number(row, 3)?,
        reason: row.try_get(4)?,
        bytes: number(row, 5)?,
    })
}

fn delivery(row: &PgRow) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        report: key(row)?,
        target: row.try_get(3)?,
        // A word that nobody knows is of a newer version; not to be tried is the safe reading.
        state: DeliveryState::from_word(row.try_get(4)?).unwrap_or(DeliveryState::GivenUp),
        attempts: u32::try_from(row.try_get::<i64, _>(5)?).unwrap_or(u32::MAX),
        next_try_ns: number(row, 6)?,
    })
}

fn inflate(row: &PgRow) -> Result<KeptReport, StoreError> {
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
