//! Which handler has the oldest row: keys begin with the handler, so "the oldest of all" is found by asking each
//! handler once and keeping the answers in a queue.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use sqlx::Row;

use crate::sqlite::{Store, StoreError};
use crate::{Hour, Kind};

/// A handler and the time of its oldest row that may still be deleted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Candidate {
    pub(super) oldest_ns: u64,
    pub(super) handler: i64,
    pub(super) service: Arc<str>,
}

#[derive(Debug)]
pub(super) struct Oldest(BinaryHeap<Reverse<Candidate>>);

impl Candidate {
    pub(super) fn hour(&self) -> Hour {
        Hour::of(self.oldest_ns)
    }
}

impl Oldest {
    pub(super) async fn load(store: &Store, kind: Kind) -> Result<Self, StoreError> {
        let sql = match kind {
            Kind::Rollups => {
                "SELECT fingerprint, service, (SELECT min(hour) * 3600000000000 FROM rollups \
                 WHERE handler = fingerprint) AS oldest FROM handlers WHERE oldest IS NOT NULL"
            }
            Kind::Blocks | Kind::Calls => {
                "SELECT fingerprint, service, (SELECT min(start_ns) FROM calls WHERE handler = fingerprint) AS oldest \
                 FROM handlers WHERE oldest IS NOT NULL"
            }
        };
        let rows = sqlx::query(sql).fetch_all(&store.readers).await?;
        let candidate = |row: &sqlx::sqlite::SqliteRow| {
            let (handler, service, oldest): (i64, &str, i64) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok(Reverse(Candidate {
                oldest_ns: oldest.max(0).cast_unsigned(),
                handler,
                service: service.into(),
            }))
        };
        rows.iter().map(candidate).collect::<Result<_, StoreError>>().map(Self)
    }

    pub(super) fn peek(&self) -> Option<&Candidate> {
        self.0.peek().map(|Reverse(candidate)| candidate)
    }

    pub(super) fn pop(&mut self) -> Option<Candidate> {
        self.0.pop().map(|Reverse(candidate)| candidate)
    }

    /// Puts a handler back with its next oldest row; without any it is done.
    pub(super) fn put_back(&mut self, candidate: Candidate, next_ns: Option<i64>) {
        if let Some(next) = next_ns {
            self.0.push(Reverse(Candidate { oldest_ns: next.max(0).cast_unsigned(), ..candidate }));
        }
    }
}
