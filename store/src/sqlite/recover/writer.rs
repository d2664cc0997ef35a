//! Writes saved rows into the new file, and makes anew what follows from them.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::records::Value;
use super::tables::Table;
use crate::TraceId;
use crate::sqlite::{Store, StoreError};

/// Rows in one statement: with the widest table's columns below SQLite's limit of 32,766 parameters.
const ROWS_PER_INSERT: usize = 500;

/// Rows and bytes that wait for one transaction.
const BATCH_ROWS: usize = 4_000;
const BATCH_BYTES: usize = 16 << 20;

/// As in the reading of blocks elsewhere: a longer one is damaged.
const MAX_INFLATED: usize = 256 << 20;

pub(super) struct Writer<'a> {
    store: &'a Store,
    tables: &'a [Table],
    traces_in: &'a (dyn Fn(&[u8]) -> Option<Vec<TraceId>> + Sync),
    waiting: Vec<Vec<Vec<Value>>>,
    rows: usize,
    bytes: usize,
    /// Kept and refused rows by table.
    counts: Vec<(u64, u64)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        store: &'a Store,
        tables: &'a [Table],
        traces_in: &'a (dyn Fn(&[u8]) -> Option<Vec<TraceId>> + Sync),
    ) -> Self {
        let waiting = tables.iter().map(|_| Vec::new()).collect();
        Self { store, tables, traces_in, waiting, rows: 0, bytes: 0, counts: vec![(0, 0); tables.len()] }
    }

    pub(super) fn add(&mut self, table: usize, row: Vec<Value>) {
        self.rows += 1;
        self.bytes += row.iter().map(Value::bytes).sum::<usize>();
        self.waiting[table].push(row);
    }

    pub(super) async fn write_when_full(&mut self) -> Result<(), StoreError> {
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.write().await } else { Ok(()) }
    }

    /// Writes the rest; says of each table how many rows were kept and how many were no sound ones.
    pub(super) async fn finish(mut self) -> Result<Vec<(u64, u64)>, StoreError> {
        self.write().await?;
        Ok(self.counts)
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        for (index, table) in self.tables.iter().enumerate() {
            let mut rows = std::mem::take(&mut self.waiting[index]);
            if table.name == "blocks" {
                let before = rows.len();
                rows.retain(|row| self.is_sound_block(table, row));
                self.counts[index].1 += (before - rows.len()) as u64;
            }
            self.counts[index].0 += insert(&mut tx, table, &rows).await?;
        }
        tx.commit().await?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Whether a block inflates to what it says and holds the traces that it says.
    fn is_sound_block(&self, table: &Table, row: &[Value]) -> bool {
        let value = |column: &str| table.place(column).and_then(|place| row.get(place));
        let (Some(Value::Blob(payload)), Some(Value::Integer(bytes))) =
            (value("payload"), value("inflated_bytes"))
        else {
            return false;
        };
        let capacity = usize::try_from(*bytes).unwrap_or(usize::MAX);
        if capacity > MAX_INFLATED {
            return false;
        }
        let inflated = zstd::bulk::decompress(payload, capacity).ok().filter(|otlp| otlp.len() == capacity);
        let traces = inflated.and_then(|otlp| (self.traces_in)(&otlp));
        let found = traces.map(|traces| traces.into_iter().map(TraceId::prefix).collect::<BTreeSet<i64>>());
        found.is_some_and(|found| found == traces_of(table, row).into_iter().collect())
    }
}

impl Value {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Null | Self::Integer(_) | Self::Other => 8,
        }
    }
}

/// The prefixes of trace ids that stand in a block's row.
fn traces_of(table: &Table, row: &[Value]) -> Vec<i64> {
    match table.place("traces").and_then(|place| row.get(place)) {
        Some(Value::Blob(bytes)) => bytes
            .chunks_exact(8)
            .filter_map(|prefix| prefix.try_into().ok().map(i64::from_be_bytes))
            .collect(),
        _ => Vec::new(),
    }
}

/// Writes rows; one that is there already stays. Returns how many were new.
async fn insert(tx: &mut SqliteConnection, table: &Table, rows: &[Vec<Value>]) -> Result<u64, sqlx::Error> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let mut kept = 0;
    for some in rows.chunks(ROWS_PER_INSERT) {
        let mut query = QueryBuilder::<Sqlite>::new(format!(
            "INSERT OR IGNORE INTO {} ({}) ",
            table.name,
            columns.join(", ")
        ));
        query.push_values(some, |mut row, values| {
            for value in values {
                match value {
                    Value::Null | Value::Other => row.push_bind(None::<i64>),
                    Value::Integer(integer) => row.push_bind(*integer),
                    Value::Text(text) => row.push_bind(text.as_str()),
                    Value::Blob(bytes) => row.push_bind(bytes.as_slice()),
                };
            }
        });
        kept += query.build().execute(&mut *tx).await?.rows_affected();
    }
    Ok(kept)
}

/// Makes anew what follows from the saved rows. When rows were lost, the Calls of all blocks are extracted again, hours with
/// Calls that lack Rollups are counted again, and other hours to which the blocks do not reach back are closed: should they
/// lack Calls, their Rollups know more than a new count would.
pub(super) async fn make_anew(store: &Store, lost: bool) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    if lost {
        for statement in [
            "INSERT OR IGNORE INTO dirty_hours (service, hour, generation) \
             SELECT DISTINCT service, start_ns / 3600000000000, 1 FROM calls \
             JOIN handlers ON handler = fingerprint WHERE NOT EXISTS (SELECT 1 FROM rollups \
             WHERE rollups.handler = calls.handler AND hour = start_ns / 3600000000000)",
            "INSERT OR IGNORE INTO closed_hours SELECT DISTINCT service, hour FROM rollups \
             JOIN handlers ON handler = fingerprint WHERE (service, hour) NOT IN (SELECT service, hour FROM dirty_hours) \
             AND hour <= (SELECT coalesce(min(received_ns) / 3600000000000, 4294967295) FROM blocks)",
            "DELETE FROM extraction",
        ] {
            sqlx::query(statement).execute(&mut *tx).await?;
        }
    }
    for statement in [
        // Numbers of blocks are never used again, also not those of lost blocks that were extracted.
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'blocks', 0 \
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'blocks')",
        "UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(block), 0) FROM extraction)) \
         WHERE name = 'blocks'",
        "UPDATE hour_generation SET last = max(last, (SELECT coalesce(max(generation), 0) FROM dirty_hours))",
        "UPDATE volumes SET (rows, bytes) = (SELECT count(*), \
         coalesce(sum(length(payload) + length(traces) / 8 * 28), 0) FROM blocks) WHERE kind = 'blocks'",
        "UPDATE volumes SET (rows, bytes) = (SELECT count(*), count(*) * 250 FROM calls) WHERE kind = 'calls'",
        "UPDATE volumes SET (rows, bytes) = (SELECT count(*), coalesce(sum(length(payload) + 16), 0) FROM rollups) \
         WHERE kind = 'rollups'",
    ] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    store.index_blocks().await
}
