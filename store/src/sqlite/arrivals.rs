//! What kinds of trace requests have come since the file was made.

use sqlx::Row;

use super::{Store, StoreError};
use crate::{ArrivalKind, Arrivals};

impl Store {
    pub(crate) async fn add_arrivals(&self, more: &Arrivals) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for kind in ArrivalKind::ALL {
            let requests = more.of(kind);
            if requests > 0 {
                sqlx::query(
                    "INSERT INTO arrivals (kind, requests) VALUES (?, ?) \
                     ON CONFLICT DO UPDATE SET requests = requests + excluded.requests",
                )
                .bind(kind.as_str())
                .bind(requests.cast_signed())
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn arrivals(&self) -> Result<Arrivals, StoreError> {
        let rows = sqlx::query("SELECT kind, requests FROM arrivals").fetch_all(&self.readers).await?;
        let mut arrivals = Arrivals::default();
        for row in rows {
            let (kind, requests): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            // A kind of a later version says nothing here.
            if let Some(kind) = ArrivalKind::ALL.into_iter().find(|known| known.as_str() == kind) {
                arrivals.add(kind, requests.cast_unsigned());
            }
        }
        Ok(arrivals)
    }
}
