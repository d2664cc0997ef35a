//! What kinds of trace requests have come, to all collectors.

use sqlx::Row;

use super::Store;
use super::statement::{number, query};
use crate::error::StoreError;
use crate::{ArrivalKind, Arrivals};

impl Store {
    pub(crate) async fn add_arrivals(&self, more: &Arrivals) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for kind in ArrivalKind::ALL {
            let requests = more.of(kind);
            if requests > 0 {
                query(
                    "INSERT INTO arrivals (kind, requests) VALUES ($1, $2) \
                     ON CONFLICT (kind) DO UPDATE SET requests = arrivals.requests + excluded.requests",
                )
                .bind(kind.as_str())
                .bind(requests.cast_signed())
                .execute(&mut *tx)
                .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    pub(crate) async fn arrivals(&self) -> Result<Arrivals, StoreError> {
        let mut tx = self.read().await?;
        let rows = query("SELECT kind, requests FROM arrivals").fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let mut arrivals = Arrivals::default();
        for row in rows {
            let kind: String = row.try_get(0)?;
            // A kind of a later version says nothing here.
            if let Some(kind) = ArrivalKind::ALL.into_iter().find(|known| known.as_str() == kind) {
                arrivals.add(kind, number(&row, 1)?);
            }
        }
        Ok(arrivals)
    }
}
