//! The app's source, as it was uploaded: one document for each service and environment.

use sqlx::Row;

use super::Store;
use super::statement::{number, query, text};
use crate::error::StoreError;
use crate::{Source, StoredSource};

/// A document inflates to at most this many bytes; a longer one is refused, and one that claims more is damaged.
const MAX_INFLATED: usize = 64 << 20;
const LEVEL: i32 = 3;

impl Store {
    pub(crate) async fn keep_source(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
        source: &Source,
    ) -> Result<(), StoreError> {
        let damaged = |reason: String| StoreError::DamagedSource { service: service.to_owned(), reason };
        let document = serde_json::to_vec(source).map_err(|error| damaged(error.to_string()))?;
        if document.len() > MAX_INFLATED {
            let bytes = document.len();
            return Err(damaged(format!("it has {bytes} bytes, more than the {MAX_INFLATED} of a kept one")));
        }
        let payload = zstd::bulk::compress(&document, LEVEL).map_err(|error| damaged(error.to_string()))?;
        let mut tx = self.write().await?;
        query(
            "INSERT INTO sources (service, environment, stored_at_ns, content_hash, inflated_bytes, document) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (service, environment) DO UPDATE SET \
             stored_at_ns = excluded.stored_at_ns, content_hash = excluded.content_hash, \
             inflated_bytes = excluded.inflated_bytes, document = excluded.document",
        )
        .bind(text(service))
        .bind(text(environment.unwrap_or_default()))
        .bind(at_ns.cast_signed())
        .bind(text(&source.content_hash))
        .bind((document.len() as u64).cast_signed())
        .bind(payload)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn source(
        &self,
        service: &str,
        environment: Option<&str>,
    ) -> Result<Option<StoredSource>, StoreError> {
        let mut tx = self.read().await?;
        let row = query(
            "SELECT stored_at_ns, inflated_bytes, document FROM sources WHERE service = $1 AND environment = $2",
        )
        .bind(text(service))
        .bind(text(environment.unwrap_or_default()))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let damaged = |reason: String| StoreError::DamagedSource { service: service.to_owned(), reason };
        let (stored_at_ns, bytes) = (number(&row, 0)?, number(&row, 1)?);
        let capacity = usize::try_from(bytes).unwrap_or(usize::MAX);
        if capacity > MAX_INFLATED {
            return Err(damaged(format!("it claims {bytes} bytes")));
        }
        let document =
            zstd::bulk::decompress(row.try_get(2)?, capacity).map_err(|error| damaged(error.to_string()))?;
        let source = serde_json::from_slice(&document).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(StoredSource { stored_at_ns, source }))
    }
}
