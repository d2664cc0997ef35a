//! Rollups and the hours that need to be rolled up again.

use futures_util::{Stream, StreamExt};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::many::{Many, statements};
use super::{Store, StoreError, volumes};
use crate::{DirtyHour, Fingerprint, Hour, Kind, RollupRecord, RollupRef};

static INSERT: Many = Many::new(|| statements("INSERT INTO rollups (handler, hour, payload)", 3, ""));

static MARK: Many = Many::new(|| {
    statements(
        "INSERT INTO dirty_hours (service, hour, generation, counted)",
        4,
        "ON CONFLICT DO UPDATE SET generation = excluded.generation",
    )
});

impl Store {
    pub(crate) async fn dirty_hours(&self) -> Result<Vec<DirtyHour>, StoreError> {
        // Closed hours lack Calls: their Rollups know more than a new count would.
        let rows = sqlx::query(
            "SELECT service, hour, generation FROM dirty_hours \
             WHERE (service, hour) NOT IN (SELECT service, hour FROM closed_hours) ORDER BY hour, service",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(dirty_hour).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn newest_dirty_hours(&self, most: u32) -> Result<(Vec<DirtyHour>, u64), StoreError> {
        let rows = sqlx::query(
            "SELECT service, hour, generation, count(*) OVER () FROM (SELECT service, hour, generation, \
             row_number() OVER (PARTITION BY service ORDER BY hour DESC) AS place FROM dirty_hours \
             WHERE (service, hour) NOT IN (SELECT service, hour FROM closed_hours)) \
             ORDER BY place, hour DESC, service LIMIT ?",
        )
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
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
        let gone: Vec<i64> = sqlx::query_scalar(
            "DELETE FROM rollups WHERE hour = ? AND handler IN (SELECT fingerprint FROM handlers WHERE service = ?) \
             RETURNING length(payload)",
        )
        .bind(dirty.hour.0)
        .bind(&dirty.service)
        .fetch_all(&mut *tx)
        .await?;
        INSERT
            .run(&mut tx, rollups, |query, rollup| {
                query.bind(rollup.handler.0.cast_signed()).bind(rollup.hour.0).bind(rollup.payload.as_slice())
            })
            .await?;
        let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = count(rollups.len()) - count(gone.len());
        let new: usize = rollups.iter().map(|rollup| rollup.payload.len()).sum();
        let bytes = count(new) - gone.iter().sum::<i64>() + rows * volumes::ROLLUP_KEY_BYTES;
        volumes::add(&mut tx, Kind::Rollups, rows, bytes).await?;
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
        let rows = sqlx::query(
            "SELECT rollups.handler, rollups.hour, rollups.payload FROM handlers \
             CROSS JOIN rollups ON rollups.handler = handlers.fingerprint \
             WHERE handlers.service = ? AND rollups.hour >= ? AND rollups.hour < ?",
        )
        .bind(service)
        .bind(from.0)
        .bind(to.0)
        .fetch(&self.readers);
        hand_over(rows, take).await
    }

    pub(crate) async fn for_each_rollup_of<E: From<StoreError>>(
        &self,
        handler: Fingerprint,
        from: Hour,
        to: Hour,
        take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = sqlx::query(
            "SELECT handler, hour, payload FROM rollups WHERE handler = ? AND hour >= ? AND hour < ? ORDER BY hour",
        )
        .bind(handler.0.cast_signed())
        .bind(from.0)
        .bind(to.0)
        .fetch(&self.readers);
        hand_over(rows, take).await
    }
}

/// As many rows at a time as have come meanwhile: taking them one by one would wake the connection's thread for each.
async fn hand_over<E: From<StoreError>>(
    rows: impl Stream<Item = Result<SqliteRow, sqlx::Error>> + Unpin,
    mut take: impl FnMut(RollupRef<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut rows = rows.ready_chunks(super::ROW_BUFFER);
    while let Some(rows) = rows.next().await {
        for row in rows {
            let row = row.map_err(StoreError::from)?;
            take(read(&row).map_err(StoreError::from)?)?;
        }
    }
    Ok(())
}

fn dirty_hour(row: &SqliteRow) -> Result<DirtyHour, sqlx::Error> {
    Ok(DirtyHour { service: row.try_get(0)?, hour: Hour(row.try_get(1)?), generation: row.try_get(2)? })
}

fn read(row: &SqliteRow) -> Result<RollupRef<'_>, sqlx::Error> {
    Ok(RollupRef {
        handler: Fingerprint(row.try_get::<i64, _>(0)?.cast_unsigned()),
        hour: Hour(row.try_get(1)?),
        payload: row.try_get(2)?,
    })
}

/// Whether the Rollups that are there were made from less. An hour that is not dirty any more was counted by somebody else.
async fn is_news(tx: &mut SqliteConnection, dirty: &DirtyHour) -> Result<bool, sqlx::Error> {
    let counted: Option<i64> =
        sqlx::query_scalar("SELECT coalesce(counted, 0) FROM dirty_hours WHERE service = ? AND hour = ?")
            .bind(&dirty.service)
            .bind(dirty.hour.0)
            .fetch_optional(tx)
            .await?;
    Ok(counted.is_some_and(|counted| counted < dirty.generation))
}

/// Says up to which change the Rollups of an hour count now; one that has not changed since is dirty no more.
async fn note_counted(tx: &mut SqliteConnection, dirty: &DirtyHour) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM dirty_hours WHERE service = ?1 AND hour = ?2 AND generation = ?3",
        "UPDATE dirty_hours SET counted = ?3 WHERE service = ?1 AND hour = ?2",
    ] {
        sqlx::query(sql)
            .bind(&dirty.service)
            .bind(dirty.hour.0)
            .bind(dirty.generation)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Whether retention has deleted Calls of the hour since it was found dirty.
async fn is_closed(tx: &mut SqliteConnection, dirty: &DirtyHour) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM closed_hours WHERE service = ? AND hour = ?)")
        .bind(&dirty.service)
        .bind(dirty.hour.0)
        .fetch_one(tx)
        .await
}

/// The number of the next change of any hour's Calls: it grows for ever, whoever asks.
pub(super) async fn next_generation(tx: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("UPDATE hour_generation SET last = last + 1 RETURNING last").fetch_one(tx).await
}

/// Says that Calls of these services' hours changed. One that was clean counts everything before this change.
pub(super) async fn mark_dirty(tx: &mut SqliteConnection, hours: &[(&str, Hour)]) -> Result<(), sqlx::Error> {
    if hours.is_empty() {
        return Ok(());
    }
    let change = next_generation(tx).await?;
    MARK.run(tx, hours, |query, (service, hour)| {
        query.bind(*service).bind(hour.0).bind(change).bind(change - 1)
    })
    .await?;
    Ok(())
}
