//! Work that one process at a time does for all. A lease is a row with a holder and an end, by the database's clock: it outlives no
//! process by more than ten seconds, and needs nothing of a session. Whoever writes what only the holder may write looks at the
//! row in the same transaction, so that one who was away for too long writes nothing.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sqlx::PgConnection;
use tokio::task::JoinHandle;

use super::Store;
use super::statement::{query, scalar};
use crate::error::StoreError;
use crate::{BlockId, Work};

/// How long the lease of extraction holds, and how often it is renewed.
const HOLDS: Duration = Duration::from_secs(10);
const RENEWED_EVERY: Duration = Duration::from_secs(3);

const EXTRACTION: &str = "extraction";

/// Under which name this process holds leases.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    name: Arc<str>,
    /// Of the lease of extraction that it holds; 0: none.
    leads: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
}

/// The right to extract, until it is released or lost.
#[derive(Debug)]
pub(crate) struct Lease {
    store: Store,
    number: u64,
    renewing: JoinHandle<()>,
}

impl Holder {
    pub(super) fn new() -> Self {
        let chance = RandomState::new().hash_one((std::process::id(), SystemTime::now()));
        let more = RandomState::new().hash_one(chance);
        let name = format!("{}-{chance:016x}{more:016x}", std::process::id()).into();
        Self { name, leads: Arc::default(), taken: Arc::default() }
    }

    /// Whether this process extracts, as far as it knows.
    pub(super) fn is_leading(&self) -> bool {
        self.leads.load(Ordering::Acquire) != 0
    }

    /// Each time that the lease is taken it has another holder: what was begun before must not go on.
    fn told(&self, number: u64) -> String {
        format!("{}/{number}", self.name)
    }
}

impl Store {
    pub(crate) async fn lease_extraction(&self) -> Result<Option<Lease>, StoreError> {
        let number = self.holder.taken.fetch_add(1, Ordering::AcqRel) + 1;
        let taken = self.in_time(self.take(EXTRACTION, &self.holder.told(number), HOLDS)).await?;
        if !taken {
            return Ok(None);
        }
        self.begin_order().await?;
        self.holder.leads.store(number, Ordering::Release);
        let renewing = tokio::spawn(renew(self.clone(), number));
        Ok(Some(Lease { store: self.clone(), number, renewing }))
    }

    /// Takes or keeps work for a while, if nobody else has it.
    pub(crate) async fn lead(&self, work: Work, within: Duration) -> Result<bool, StoreError> {
        self.in_time(self.take(work.as_str(), &self.holder.name, within)).await
    }

    async fn take(&self, name: &str, holder: &str, within: Duration) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let taken: Option<bool> = scalar(
            "UPDATE leases SET holder = $2, until = clock_timestamp() + $3 * interval '1 ms' \
             WHERE name = $1 AND (holder IS NULL OR holder = $2 OR until < clock_timestamp()) RETURNING true",
        )
        .bind(name)
        .bind(holder)
        .bind(i64::try_from(within.as_millis()).unwrap_or(i64::MAX))
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.is_some())
    }

    /// How far others have come is where this process goes on.
    async fn begin_order(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        let extracted: Vec<(i32, i64)> =
            sqlx::query_as("SELECT collector, number FROM extraction WHERE collector <> 0")
                .persistent(false)
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;
        self.order().begin(self.log.collector(), extracted);
        Ok(())
    }

    /// The last block of the own log whose Calls are stored.
    pub(crate) async fn extracted_to(&self) -> Result<BlockId, StoreError> {
        let own = self.log.collector();
        let mut tx = self.read().await?;
        let number: Option<i64> = scalar("SELECT number FROM extraction WHERE collector = $1")
            .bind(own)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(match (own, number) {
            // Of a process without a log only what it has said itself is known.
            (0, Some(number)) => BlockId(number),
            (_, number) => self.order().reached(own, number.unwrap_or_default()),
        })
    }

    /// Makes sure that nobody else extracts, until the transaction ends.
    pub(super) async fn fence(&self, tx: &mut PgConnection) -> Result<(), StoreError> {
        let number = self.holder.leads.load(Ordering::Acquire);
        let free: Option<bool> = if number == 0 {
            scalar(
                "SELECT true FROM leases WHERE name = $1 AND (holder IS NULL OR until < clock_timestamp()) FOR UPDATE",
            )
            .bind(EXTRACTION)
            .fetch_optional(tx)
            .await?
        } else {
            scalar("SELECT true FROM leases WHERE name = $1 AND holder = $2 FOR UPDATE")
                .bind(EXTRACTION)
                .bind(self.holder.told(number))
                .fetch_optional(tx)
                .await?
        };
        free.map(|_| ()).ok_or(StoreError::LeaseLost { what: "extraction" })
    }
}

/// Renews the lease as long as it is held. What the server refuses now is tried again; a lease that somebody else has taken is
/// never taken back here.
async fn renew(store: Store, number: u64) {
    loop {
        tokio::time::sleep(RENEWED_EVERY).await;
        let renewed = store.in_time(async {
            let mut tx = store.write().await?;
            let rows = query(
                "UPDATE leases SET until = clock_timestamp() + $3 * interval '1 ms' WHERE name = $1 AND holder = $2",
            )
            .bind(EXTRACTION)
            .bind(store.holder.told(number))
            .bind(i64::try_from(HOLDS.as_millis()).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?
            .rows_affected();
            tx.commit().await?;
            Ok(rows)
        });
        if matches!(renewed.await, Ok(0)) {
            tracing::warn!("another collector extracts by now: this one was away for too long");
            return;
        }
    }
}

impl Lease {
    /// Lets somebody else go on at once.
    pub(crate) async fn release(self) {
        let (store, number) = (self.store.clone(), self.number);
        drop(self);
        give_back(store, number).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewing.abort();
        let _ = self.store.holder.leads.compare_exchange(self.number, 0, Ordering::AcqRel, Ordering::Acquire);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(give_back(self.store.clone(), self.number));
        }
    }
}

/// A lease that is not given back runs out by itself.
async fn give_back(store: Store, number: u64) {
    let given = async {
        let mut tx = store.write().await?;
        query("UPDATE leases SET holder = NULL, until = '-infinity' WHERE name = $1 AND holder = $2")
            .bind(EXTRACTION)
            .bind(store.holder.told(number))
            .execute(&mut *tx)
            .await?;
        Ok::<(), StoreError>(tx.commit().await?)
    };
    let _ = store.in_time(given).await;
}
