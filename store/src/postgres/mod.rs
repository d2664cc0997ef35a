//! The backend of a PostgreSQL server: opening it, and how transactions begin. Each table's statements stand in the file of their
//! topic next to this one; what several collectors mean for each of them is said there.
//!
//! Nothing is kept in a session: no lock, no setting, no prepared statement. What a transaction needs it sets for itself, so that a
//! pooler in transaction mode may give each one another session.

mod advice;
mod advice_rows;
mod app_facts;
mod arrivals;
mod blocks;
mod calls;
mod connect;
mod error;
mod handlers;
mod lease;
mod log_order;
mod migrations;
mod published;
mod read_calls;
mod reindex;
mod retention;
mod rollups;
mod secrets;
mod sources;
mod statement;
mod upkeep;
mod volumes;

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use tokio::sync::Mutex;

pub(crate) use blocks::log_of_copy;
pub(crate) use connect::fault_of as fault;
pub(crate) use error::trouble;
pub(crate) use lease::Lease;
pub(crate) use reindex::Reindex;
pub(crate) use retention::Trim;

use crate::error::{StoreError, Trouble};
use crate::location::PostgresUrl;
use lease::Holder;
use log_order::LogOrder;

/// How long somebody waits for a connection: a sender would be told to retry by then.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// A statement that reads may take so many times as long as one that writes: nobody waits to be answered by it.
const READS_FOR: u32 = 10;

/// Connections that only write may use, of all: reports that read for long must not keep spans from being stored.
const WRITERS: u32 = 3;

/// A server's database and the connections to it; all clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    writers: PgPool,
    readers: PgPool,
    /// How a transaction begins that writes, and one that reads.
    begin: Arc<[String; 2]>,
    /// The statement timeout, and some more for the way: a server that does not answer at all is no reason to wait for ever.
    patience: Duration,
    log: Arc<OwnLog>,
    order: Arc<std::sync::Mutex<LogOrder>>,
    holder: Holder,
}

/// The log of this process, made with its first block.
#[derive(Debug, Default)]
struct OwnLog {
    /// Its number; 0 as long as there is none.
    collector: AtomicI32,
    /// Held while a block is stored: of one log only one at a time writes.
    writes: Mutex<()>,
}

impl OwnLog {
    fn collector(&self) -> i32 {
        self.collector.load(Ordering::Acquire)
    }
}

impl Store {
    pub(crate) async fn open(url: &PostgresUrl) -> Result<Self, StoreError> {
        let options = connect::options(url)?;
        connect::prepare(url, &options).await?;
        let timeout = url.connection().statement_timeout;
        let settings = |timeout: Duration| {
            format!(
                "SET LOCAL search_path TO {}; SET LOCAL statement_timeout = {}; \
                 SET LOCAL idle_in_transaction_session_timeout = {}",
                connect::quoted(&url.schema()),
                timeout.as_millis(),
                timeout.as_millis().saturating_mul(2)
            )
        };
        // The setting of the server may be weaker, and an acknowledgement is a commit on disk.
        let write = format!("BEGIN READ WRITE; {}; SET LOCAL synchronous_commit TO on", settings(timeout));
        let read =
            format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {}", settings(timeout * READS_FOR));
        let readers = url.connection().connections.saturating_sub(WRITERS).max(1);
        Ok(Self {
            writers: pool(WRITERS, options.clone()),
            readers: pool(readers, options),
            begin: Arc::new([write, read]),
            patience: timeout + CONNECTION_WAIT,
            log: Arc::default(),
            order: Arc::default(),
            holder: Holder::new(),
        })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.begun(&self.writers, &self.begin[0]).await
    }

    /// Begins a transaction that reads one state of the database.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.begun(&self.readers, &self.begin[1]).await
    }

    async fn begun(&self, pool: &PgPool, sql: &str) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = pool.begin_with(AssertSqlSafe(sql.to_owned()));
        match self.in_time(async { Ok(begin.await?) }).await {
            // Of a server that is a standby now, its answer is lost on the way.
            Err(error) if error.is_transient() => {
                connect::distrust();
                Err(error)
            }
            answer => answer,
        }
    }

    /// Gives up on a server that does not answer.
    async fn in_time<T>(&self, ask: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.patience, ask).await.unwrap_or_else(|_| {
            connect::distrust();
            Err(StoreError::Refused {
                reason: format!("the server has not answered for {} s", self.patience.as_secs()),
                trouble: Trouble::Held,
            })
        })
    }

    fn order(&self) -> std::sync::MutexGuard<'_, LogOrder> {
        self.order.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}

fn pool(connections: u32, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        .idle_timeout(Duration::from_secs(60))
        .before_acquire(|_, met| Box::pin(async move { Ok(connect::is_trusted(met.age)) }))
        .connect_lazy_with(options)
}
