//! Rollups and the hours that need to be rolled up again. Only whoever extracts marks hours, so marks are rows that nobody else
//! writes at the same time, but for the one who counts.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::statement::{Statement, count, query, scalar, text};
use super::{Store, volumes};
use crate::error::StoreError;
use crate::{DirtyHour, Fingerprint, Hour, Kind, RollupRecord, RollupRef};

impl Store {
    pub(crate) async fn dirty_hours(&self) -> Result<Vec<DirtyHour>, StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT service, hour, generation FROM dirty_hours \
             WHERE (service, hour) NOT IN (SELECT service, hour FROM closed_hours) ORDER BY hour, service COLLATE \"C\"",
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(rows.iter().map(dirty_hour).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn newest_dirty_hours(&self, most: u32) -> Result<(Vec<DirtyHour>, u64), StoreError> {
        let mut tx = self.read().await?;
        let rows = query(
            "SELECT service, hour, generation, count(*) OVER () FROM (SELECT service, hour, generation, \
             row_number() OVER (PARTITION BY service ORDER BY hour DESC) AS place FROM dirty_hours \
             WHERE (service, hour) NOT IN (SELECT service, hour FROM closed_hours)) AS placed \
             ORDER BY place, hour DESC, service COLLATE \"C\" LIMIT $1",
        )
        .bind(i64::from(most))
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let all = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>(3))?.cast_unsigned();
        Ok((rows.iter().map(dirty_hour).collect::<Result<_, sqlx::Error>>()?, all))
    }

    pub(crate) async fn replace_rollups(
        &self,
        dirty: &DirtyHour,
        rollups: &[RollupRecord],
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        if !is_news(&mut tx, dirty).await? || is_closed(&mut tx, dirty).await? {
            return Ok(false);
        }
        let gone: Vec<i64> = scalar(
            "DELETE FROM rollups USING handlers WHERE hour = $1 AND handler = fingerprint AND service = $2 \
             RETURNING length(payload)::bigint",
        )
        .bind(i64::from(dirty.hour.0))
        .bind(text(&dirty.service))
        .fetch_all(&mut *tx)
        .await?;
        let rows: u64 = query(
            "INSERT INTO rollups (handler, hour, payload) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])",
        )
        .bind(rollups.iter().map(|rollup| rollup.handler.0.cast_signed()).collect::<Vec<_>>())
        .bind(rollups.iter().map(|rollup| i64::from(rollup.hour.0)).collect::<Vec<_>>())
        .bind(rollups.iter().map(|rollup| rollup.payload.as_slice()).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        let rows = rows.cast_signed() - count(gone.len());
        let new: usize = rollups.iter().map(|rollup| rollup.payload.len()).sum();
        let bytes = count(new) - gone.iter().sum::<i64>() + rows * volumes::ROLLUP_KEY_BYTES;
        volumes::add(&mut tx, Kind::Rollups, self.log.collector(), rows, bytes).await?;
        note_counted(&mut tx, dirty).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(crate) async fn for_each_rollup<E: From<StoreError>>(
        &self,
        service: &str,
        from: Hour,
        to: Hour,
        take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = query(
            "SELECT handler, hour, payload FROM rollups JOIN handlers ON handler = fingerprint \
             WHERE service = $1 AND hour >= $2 AND hour < $3 ORDER BY handler, hour",
        );
        self.hand_over(rows.bind(text(service)).bind(i64::from(from.0)).bind(i64::from(to.0)), take).await
    }

    pub(crate) async fn for_each_rollup_of<E: From<StoreError>>(
        &self,
        handler: Fingerprint,
        from: Hour,
        to: Hour,
        take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = query(
            "SELECT handler, hour, payload FROM rollups WHERE handler = $1 AND hour >= $2 AND hour < $3 ORDER BY hour",
        );
        self.hand_over(rows.bind(handler.0.cast_signed()).bind(i64::from(from.0)).bind(i64::from(to.0)), take)
            .await
    }

    async fn hand_over<E: From<StoreError>>(
        &self,
        rows: Statement<'_>,
        mut take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tx = self.read().await?;
        let mut rows = rows.fetch(&mut *tx);
        while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
            take(read(&row).map_err(StoreError::from)?)?;
        }
        drop(rows);
        Ok(tx.commit().await.map_err(StoreError::from)?)
    }
}

fn hour(row: &PgRow, index: usize) -> Result<Hour, sqlx::Error> {
    Ok(Hour(u32::try_from(row.try_get::<i64, _>(index)?).unwrap_or(u32::MAX)))
}

fn dirty_hour(row: &PgRow) -> Result<DirtyHour, sqlx::Error> {
    Ok(DirtyHour { service: row.try_get(0)?, hour: hour(row, 1)?, generation: row.try_get(2)? })
}

fn read(row: &PgRow) -> Result<RollupRef<'_>, sqlx::Error> {
    Ok(RollupRef {
        handler: Fingerprint(row.try_get::<i64, _>(0)?.cast_unsigned()),
        hour: hour(row, 1)?,
        payload: row.try_get(2)?,
    })
}

/// Whether the Rollups that are there were made from less; the mark is this transaction's until it ends. An hour that is not dirty
/// any more was counted by somebody else.
async fn is_news(tx: &mut PgConnection, dirty: &DirtyHour) -> Result<bool, sqlx::Error> {
    let counted: Option<i64> =
        scalar("SELECT counted FROM dirty_hours WHERE service = $1 AND hour = $2 FOR UPDATE")
            .bind(text(&dirty.service))
            .bind(i64::from(dirty.hour.0))
            .fetch_optional(tx)
            .await?;
    Ok(counted.is_some_and(|counted| counted < dirty.generation))
}

/// Says up to which change the Rollups of an hour count now; one that has not changed since is dirty no more.
async fn note_counted(tx: &mut PgConnection, dirty: &DirtyHour) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM dirty_hours WHERE service = $1 AND hour = $2 AND generation = $3",
        "UPDATE dirty_hours SET counted = $3 WHERE service = $1 AND hour = $2",
    ] {
        query(sql)
            .bind(text(&dirty.service))
            .bind(i64::from(dirty.hour.0))
            .bind(dirty.generation)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Whether retention has deleted Calls of the hour since it was found dirty.
async fn is_closed(tx: &mut PgConnection, dirty: &DirtyHour) -> Result<bool, sqlx::Error> {
    scalar("SELECT EXISTS (SELECT FROM closed_hours WHERE service = $1 AND hour = $2)")
        .bind(text(&dirty.service))
        .bind(i64::from(dirty.hour.0))
        .fetch_one(tx)
        .await
}

/// The number of the next change of any hour's Calls: it grows for ever. The row is this transaction's until it ends, so numbers
/// become visible in their order.
pub(super) async fn next_generation(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    scalar("UPDATE hour_generation SET last = last + 1 RETURNING last").fetch_one(tx).await
}

/// Says that Calls of these services' hours changed. One that was clean counts everything before this change.
pub(super) async fn mark_dirty(
    tx: &mut PgConnection,
    hours: &BTreeSet<(&str, Hour)>,
) -> Result<(), sqlx::Error> {
    if hours.is_empty() {
        return Ok(());
    }
    let change = next_generation(tx).await?;
    let hours: BTreeSet<_> = hours.iter().map(|(service, hour)| (text(service), *hour)).collect();
    query(
        "INSERT INTO dirty_hours (service, hour, generation, counted) \
         SELECT service, hour, $3, $3 - 1 FROM unnest($1::text[], $2::bigint[]) AS changed (service, hour) \
         ON CONFLICT (service, hour) DO UPDATE SET generation = excluded.generation",
    )
    .bind(hours.iter().map(|(service, _)| service).collect::<Vec<_>>())
    .bind(hours.iter().map(|(_, hour)| i64::from(hour.0)).collect::<Vec<_>>())
    .bind(change)
    .execute(tx)
    .await?;
    Ok(())
}
