//! Calls are written trace by trace, together with how far each log is extracted. How they are read is in `read_calls`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::PgConnection;

use super::log_order::{Position, is_place};
use super::rollups::mark_dirty;
use super::statement::{count, made, query, scalar, text};
use super::{Store, app_facts, handlers, volumes};
use crate::error::StoreError;
use crate::{AppFact, BlockId, Call, Fingerprint, Handler, Hour, Kind, Sampling, TraceCalls};

/// The columns with their types, in the order in which they are bound.
const COLUMNS: [(&str, &str); 38] = [
    ("handler", "bigint"),
    ("start_ns", "bigint"),
    ("trace", "bytea"),
    ("span", "bytea"),
    ("duration_ns", "bigint"),
    ("route", "text"),
    ("method", "text"),
    ("status", "int"),
    ("form", "text"),
    ("caller", "text"),
    ("agent", "text"),
    ("client", "bigint"),
    ("instance", "bigint"),
    ("path", "text"),
    ("page", "text"),
    ("request_bytes", "bigint"),
    ("response_bytes", "bigint"),
    ("request_key", "bigint"),
    ("response_hash", "bigint"),
    ("media_type", "text"),
    ("signature", "text"),
    ("origin", "text"),
    ("first_byte_ns", "bigint"),
    ("self_fetches", "bigint"),
    ("self_fetch_overhead_ns", "bigint"),
    ("sampling", "bigint"),
    ("requests_seen", "bigint"),
    ("signs", "bigint"),
    ("database_ns", "bigint"),
    ("outgoing_ns", "bigint"),
    ("child_ns", "bigint"),
    ("writes", "bigint"),
    ("body_ns", "bigint"),
    ("network", "bigint"),
    ("use_cache_hits", "bigint"),
    ("use_cache_misses", "bigint"),
    ("use_cache_fills", "bigint"),
    ("unknown_action", "text"),
];

/// Calls in one statement at most: their columns are held a second time while it is sent.
const AT_ONCE: usize = 4_096;

/// A Call under its key.
type Keyed<'a> = (Fingerprint, &'a Call);

impl Store {
    pub(crate) async fn commit_calls(
        &self,
        traces: &[TraceCalls],
        facts: &[AppFact],
        extracted_to: BlockId,
    ) -> Result<(), StoreError> {
        self.in_time(self.put_calls(traces, facts, extracted_to)).await?;
        self.order().forget_to(extracted_to);
        Ok(())
    }

    async fn put_calls(
        &self,
        traces: &[TraceCalls],
        facts: &[AppFact],
        extracted_to: BlockId,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.fence(&mut tx).await?;
        let before: Vec<Keyed<'_>> = traces.iter().flat_map(|trace| &trace.before).map(keyed).collect();
        let gone = forget(&mut tx, &before).await?;
        let calls: Vec<Keyed<'_>> = traces.iter().flat_map(|trace| &trace.calls).map(keyed).collect();
        let mut known: BTreeMap<Fingerprint, &Handler> = BTreeMap::new();
        for (id, call) in &calls {
            known.entry(*id).or_insert(&call.handler);
        }
        handlers::remember(&mut tx, &known).await?;
        let mut dirty = BTreeSet::new();
        for (_, call) in before.iter().chain(&calls) {
            let service = call.handler.service.as_str();
            dirty.extend(Hour::touched_by(call.start_ns).map(|hour| (service, hour)));
        }
        let mut added = 0;
        for calls in once_each(calls).chunks(AT_ONCE) {
            added += put(&mut tx, calls).await?;
        }
        volumes::add(&mut tx, Kind::Calls, self.log.collector(), added - gone, 0).await?;
        app_facts::remember(&mut tx, facts).await?;
        mark_dirty(&mut tx, &dirty).await?;
        self.note_extracted(&mut tx, extracted_to).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down how far each log is extracted.
    async fn note_extracted(&self, tx: &mut PgConnection, to: BlockId) -> Result<(), StoreError> {
        let logs = if is_place(to) {
            self.order().logs_to(to)
        } else {
            vec![Position { collector: 0, number: to.0 }]
        };
        let collectors: Vec<i32> = logs.iter().map(|log| log.collector).collect();
        let numbers: Vec<i64> = logs.iter().map(|log| log.number).collect();
        query(
            "INSERT INTO extraction (collector, number) SELECT * FROM unnest($1::int[], $2::bigint[]) \
             ON CONFLICT (collector) DO UPDATE SET number = excluded.number WHERE extraction.number < excluded.number",
        )
        .bind(collectors)
        .bind(numbers)
        .execute(tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn newest_call(&self, service: &str) -> Result<Option<u64>, StoreError> {
        let mut tx = self.read().await?;
        let newest: Option<i64> = scalar(
            "SELECT max((SELECT max(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers WHERE service = $1",
        )
        .bind(text(service))
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(newest.map(i64::cast_unsigned))
    }
}

fn keyed(call: &Call) -> Keyed<'_> {
    (call.handler.fingerprint(), call)
}

/// Of Calls with the same key the last one: a statement may not write a row twice.
fn once_each(calls: Vec<Keyed<'_>>) -> Vec<Keyed<'_>> {
    let mut last = HashMap::with_capacity(calls.len());
    for (at, (id, call)) in calls.iter().enumerate() {
        last.insert((*id, call.start_ns, call.trace, call.span), at);
    }
    if last.len() == calls.len() {
        return calls;
    }
    let mut kept: Vec<usize> = last.into_values().collect();
    kept.sort_unstable();
    kept.into_iter().filter_map(|at| calls.get(at).copied()).collect()
}

/// Deletes Calls by their keys; how many there were.
async fn forget(tx: &mut PgConnection, calls: &[Keyed<'_>]) -> Result<i64, sqlx::Error> {
    if calls.is_empty() {
        return Ok(0);
    }
    let gone = query(
        "DELETE FROM calls USING unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) AS gone (h, s, t, p) \
         WHERE handler = h AND start_ns = s AND trace = t AND span = p",
    )
    .bind(calls.iter().map(|(id, _)| id.0.cast_signed()).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, call)| call.start_ns.cast_signed()).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, call)| &call.trace.0[..]).collect::<Vec<_>>())
    .bind(calls.iter().map(|(_, call)| &call.span.0[..]).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(gone.rows_affected().cast_signed())
}

/// Puts Calls in the place of those with the same keys; how many are new.
async fn put(tx: &mut PgConnection, calls: &[Keyed<'_>]) -> Result<i64, sqlx::Error> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> =
        (1..).zip(COLUMNS).map(|(number, (_, column))| format!("${number}::{column}[]")).collect();
    let replaced: Vec<String> =
        names.iter().skip(4).map(|name| format!("{name} = excluded.{name}")).collect();
    let sql = format!(
        "INSERT INTO calls ({}) SELECT * FROM unnest({}) ON CONFLICT (handler, start_ns, trace, span) DO UPDATE SET {} \
         RETURNING (xmax = 0)",
        names.join(", "),
        arrays.join(", "),
        replaced.join(", ")
    );
    let numbers =
        |of: fn(&Call) -> u64| -> Vec<i64> { calls.iter().map(|(_, call)| of(call).cast_signed()).collect() };
    let told = |of: fn(&Call) -> Option<u64>| -> Vec<Option<i64>> {
        calls.iter().map(|(_, call)| of(call).map(u64::cast_signed)).collect()
    };
    let texts = |of: for<'c> fn(&'c Call) -> Option<&'c str>| -> Vec<_> {
        calls.iter().map(|(_, call)| of(call).map(text)).collect::<Vec<_>>()
    };
    let words = |of: for<'c> fn(&'c Call) -> &'c str| -> Vec<_> {
        calls.iter().map(|(_, call)| text(of(call))).collect::<Vec<_>>()
    };
    let rows = made(sql)
        .bind(calls.iter().map(|(id, _)| id.0.cast_signed()).collect::<Vec<_>>())
        .bind(numbers(|call| call.start_ns))
        .bind(calls.iter().map(|(_, call)| &call.trace.0[..]).collect::<Vec<_>>())
        .bind(calls.iter().map(|(_, call)| &call.span.0[..]).collect::<Vec<_>>())
        .bind(numbers(|call| call.duration_ns))
        .bind(texts(|call| call.handler.action.as_ref().map(|_| call.handler.route.as_str())))
        .bind(words(|call| &call.method))
        .bind(calls.iter().map(|(_, call)| call.status.map(i32::from)).collect::<Vec<_>>())
        .bind(words(|call| call.form.as_str()))
        .bind(words(|call| call.caller.as_str()))
        .bind(texts(|call| call.agent.as_deref()))
        .bind(told(|call| call.client.map(|key| key.0)))
        .bind(told(|call| call.instance.map(|key| key.0)))
        .bind(texts(|call| call.path.as_deref()))
        .bind(texts(|call| call.page.as_deref()))
        .bind(told(|call| call.request_bytes))
        .bind(told(|call| call.response_bytes))
        .bind(told(|call| call.request_key))
        .bind(told(|call| call.response_hash))
        .bind(texts(|call| call.media_type.as_deref()))
        .bind(texts(|call| call.signature.as_deref()))
        .bind(texts(|call| call.origin.as_deref()))
        .bind(told(|call| call.first_byte_ns))
        .bind(numbers(|call| call.self_fetches.into()))
        .bind(numbers(|call| call.self_fetch_overhead_ns))
        .bind(told(|call| match call.sampling {
            Sampling::Threshold(threshold) => Some(threshold),
            Sampling::Undeclared => None,
        }))
        .bind(told(|call| call.requests_seen))
        .bind(numbers(|call| call.signs.bits()))
        .bind(told(|call| call.database_ns))
        .bind(told(|call| call.outgoing_ns))
        .bind(told(|call| call.child_ns))
        .bind(told(|call| call.writes))
        .bind(told(|call| call.body_ns))
        .bind(told(|call| call.network.map(|key| key.0)))
        .bind(told(|call| call.use_cache_hits.map(u64::from)))
        .bind(told(|call| call.use_cache_misses.map(u64::from)))
        .bind(told(|call| call.use_cache_fills.map(u64::from)))
        .bind(texts(|call| call.unknown_action.as_deref()))
        .fetch_all(tx)
        .await?;
    let mut fresh = 0;
    for row in &rows {
        fresh += i64::from(sqlx::Row::try_get::<bool, _>(row, 0)?);
    }
    debug_assert!(fresh <= count(calls.len()));
    Ok(fresh)
}
