//! The app's source, as it was uploaded: one document for each service and environment.

use sqlx::Row;

use super::{Store, StoreError};
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
            return Err(damaged(format!(
                "it has {} bytes, more than the {MAX_INFLATED} of a kept one",
                document.len()
            )));
        }
        let payload = zstd::bulk::compress(&document, LEVEL).map_err(|error| damaged(error.to_string()))?;
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO sources (service, environment, stored_at_ns, content_hash, inflated_bytes, document) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET stored_at_ns = excluded.stored_at_ns, \
             content_hash = excluded.content_hash, inflated_bytes = excluded.inflated_bytes, document = excluded.document",
        )
        .bind(service)
        .bind(environment.unwrap_or_default())
        .bind(at_ns.cast_signed())
        .bind(&source.content_hash)
        .bind((document.len() as u64).cast_signed())
        .bind(payload)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn source(
        &self,
        service: &str,
        environment: Option<&str>,
    ) -> Result<Option<StoredSource>, StoreError> {
        let row = sqlx::query(
            "SELECT stored_at_ns, inflated_bytes, document FROM sources WHERE service = ? AND environment = ?",
        )
        .bind(service)
        .bind(environment.unwrap_or_default())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let damaged = |reason: String| StoreError::DamagedSource { service: service.to_owned(), reason };
        let (at_ns, bytes, payload): (i64, i64, Vec<u8>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let capacity = usize::try_from(bytes).unwrap_or(usize::MAX);
        if capacity > MAX_INFLATED {
            return Err(damaged(format!("it claims {bytes} bytes")));
        }
        let document =
            zstd::bulk::decompress(&payload, capacity).map_err(|error| damaged(error.to_string()))?;
        let source = serde_json::from_slice(&document).map_err(|error| damaged(error.to_string()))?;
        Ok(Some(StoredSource { stored_at_ns: at_ns.cast_unsigned(), source }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{SOURCE_SCHEMA, SourceApp, SourceCounts};

    fn source(content_hash: &str) -> Source {
        Source {
            schema: SOURCE_SCHEMA.to_owned(),
            commit: None,
            content_hash: content_hash.to_owned(),
            app: SourceApp {
                root: String::new(),
                package: None,
                next: None,
                base_path: None,
                flags: Vec::new(),
                packages: Vec::new(),
            },
            handlers: Vec::new(),
            unresolved: Vec::new(),
            counts: SourceCounts::default(),
        }
    }

    #[tokio::test]
    async fn the_newest_document_of_an_app_is_kept_and_each_app_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sources.db")).await.unwrap();
        store.keep_source("shop", None, 1, &source("a")).await.unwrap();
        store.keep_source("shop", Some("staging"), 2, &source("b")).await.unwrap();
        store.keep_source("shop", None, 3, &source("c")).await.unwrap();
        let kept = store.source("shop", None).await.unwrap().unwrap();
        assert_eq!((kept.stored_at_ns, kept.source), (3, source("c")));
        assert_eq!(store.source("shop", Some("staging")).await.unwrap().unwrap().source, source("b"));
        assert_eq!(store.source("blog", None).await.unwrap(), None);
    }
}
