//! Reports of finished advisor runs: written once per service and boundary.

use sqlx::Row;

use super::{Store, StoreError};
use crate::ReportRecord;

impl Store {
    /// Keeps a finished run; a run that is kept already stays as it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_report(&self, report: &ReportRecord) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO reports (service, environment, until_ns, json) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&report.service)
        .bind(report.environment.as_deref().unwrap_or_default())
        .bind(report.until_ns.cast_signed())
        .bind(&report.json)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The last finished run of a service that ended before the given time, if any.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_report(
        &self,
        service: &str,
        environment: Option<&str>,
        before_ns: u64,
    ) -> Result<Option<ReportRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT until_ns, json FROM reports WHERE service = ? AND environment = ? AND until_ns < ? \
             ORDER BY until_ns DESC LIMIT 1",
        )
        .bind(service)
        .bind(environment.unwrap_or_default())
        .bind(before_ns.cast_signed())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(ReportRecord {
            service: service.to_owned(),
            environment: environment.map(str::to_owned),
            until_ns: row.try_get::<i64, _>(0)?.cast_unsigned(),
            json: row.try_get(1)?,
        }))
    }
}
