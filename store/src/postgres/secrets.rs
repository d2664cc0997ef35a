//! Secrets that all collectors need to be the same: made once, by the first that needs one.

use super::Store;
use super::statement::{query, scalar};
use crate::error::StoreError;

/// Under which client keys are made.
const CLIENT_KEYS: &str = "client_keys";

impl Store {
    pub(crate) async fn shared_secret(&self, made: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut tx = self.write().await?;
        query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(CLIENT_KEYS)
            .bind(made)
            .execute(&mut *tx)
            .await?;
        let secret =
            scalar("SELECT value FROM secrets WHERE name = $1").bind(CLIENT_KEYS).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(secret)
    }
}
