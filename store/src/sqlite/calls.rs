//! Calls are written trace by trace, together with the extraction watermark. How they are read is in `read_calls`.

use std::collections::{BTreeMap, BTreeSet};

use super::many::{Bound, Many, any_of, statements};
use super::rollups::mark_dirty;
use super::{BlockId, Store, StoreError, app_facts, handlers, volumes};
use crate::{AppFact, Call, Fingerprint, Handler, Hour, Kind, Sampling, TraceCalls};

/// All processes on a file share a watermark: one of them at a time extracts, see `lease`.
const COLLECTOR: &str = "local";

/// The columns in the order in which they are bound.
const COLUMNS: &str = "handler, start_ns, trace, span, duration_ns, route, method, status, form, caller, agent, \
     client, instance, path, page, request_bytes, response_bytes, request_key, response_hash, media_type, \
     signature, origin, first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, requests_seen, signs, \
     database_ns, outgoing_ns, child_ns, writes, body_ns, network, use_cache_hits, use_cache_misses, use_cache_fills, \
     unknown_action";

static INSERT: Many = Many::new(|| {
    statements(&format!("INSERT OR REPLACE INTO calls ({COLUMNS})"), COLUMNS.split(',').count(), "")
});

static FORGET: Many = Many::new(|| {
    any_of("DELETE FROM calls WHERE", "handler = ? AND start_ns = ? AND trace = ? AND span = ?")
});

impl Store {
    pub(crate) async fn extracted_to(&self) -> Result<BlockId, StoreError> {
        let block: Option<i64> = sqlx::query_scalar("SELECT block FROM extraction WHERE collector = ?")
            .bind(COLLECTOR)
            .fetch_optional(&self.readers)
            .await?;
        Ok(BlockId(block.unwrap_or_default()))
    }

    pub(crate) async fn commit_calls(
        &self,
        traces: &[TraceCalls],
        facts: &[AppFact],
        extracted_to: BlockId,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let mut dirty = BTreeSet::new();
        let before = traces.iter().flat_map(|trace| &trace.before);
        let before: Vec<(Fingerprint, &Call)> =
            before.map(|call| (call.handler.fingerprint(), call)).collect();
        let forgotten = FORGET
            .run(&mut tx, &before, |query, (id, call)| {
                query
                    .bind(id.0.cast_signed())
                    .bind(call.start_ns.cast_signed())
                    .bind(&call.trace.0[..])
                    .bind(&call.span.0[..])
            })
            .await?;
        let calls: Vec<(Fingerprint, &Call)> =
            traces.iter().flat_map(|t| &t.calls).map(|call| (call.handler.fingerprint(), call)).collect();
        let mut handlers: BTreeMap<Fingerprint, &Handler> = BTreeMap::new();
        for (id, call) in &calls {
            handlers.entry(*id).or_insert(&call.handler);
        }
        handlers::remember(&mut tx, &handlers.into_iter().collect::<Vec<_>>()).await?;
        for (_, call) in before.iter().chain(&calls) {
            let service = call.handler.service.as_str();
            dirty.extend(Hour::touched_by(call.start_ns).map(|hour| (service, hour)));
        }
        INSERT.run(&mut tx, &calls, |query, (id, call)| bind(query, *id, call)).await?;
        let added = i64::try_from(calls.len()).unwrap_or(i64::MAX) - forgotten.rows;
        volumes::add(&mut tx, Kind::Calls, added, 0).await?;
        app_facts::remember(&mut tx, facts).await?;
        mark_dirty(&mut tx, &dirty.into_iter().collect::<Vec<_>>()).await?;
        sqlx::query(
            "INSERT INTO extraction (collector, block) VALUES (?, ?) \
             ON CONFLICT DO UPDATE SET block = max(block, excluded.block)",
        )
        .bind(COLLECTOR)
        .bind(extracted_to.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn newest_call(&self, service: &str) -> Result<Option<u64>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar(
            "SELECT max((SELECT max(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers WHERE service = ?",
        )
        .bind(service)
        .fetch_one(&self.readers)
        .await?;
        Ok(newest.map(i64::cast_unsigned))
    }
}

/// Binds one Call in the order of [`COLUMNS`].
fn bind<'q>(query: Bound<'q>, id: Fingerprint, call: &'q Call) -> Bound<'q> {
    let integer = |value: u64| value.cast_signed();
    query
        .bind(integer(id.0))
        .bind(integer(call.start_ns))
        .bind(&call.trace.0[..])
        .bind(&call.span.0[..])
        .bind(integer(call.duration_ns))
        .bind(call.handler.action.as_ref().map(|_| call.handler.route.as_str()))
        .bind(call.method.as_str())
        .bind(call.status)
        .bind(call.form.as_str())
        .bind(call.caller.as_str())
        .bind(call.agent.as_deref())
        .bind(call.client.map(|key| integer(key.0)))
        .bind(call.instance.map(|key| integer(key.0)))
        .bind(call.path.as_deref())
        .bind(call.page.as_deref())
        .bind(call.request_bytes.map(integer))
        .bind(call.response_bytes.map(integer))
        .bind(call.request_key.map(integer))
        .bind(call.response_hash.map(integer))
        .bind(call.media_type.as_deref())
        .bind(call.signature.as_deref())
        .bind(call.origin.as_deref())
        .bind(call.first_byte_ns.map(integer))
        .bind(call.self_fetches)
        .bind(integer(call.self_fetch_overhead_ns))
        .bind(match call.sampling {
            Sampling::Threshold(threshold) => Some(integer(threshold)),
            Sampling::Undeclared => None,
        })
        .bind(call.requests_seen.map(integer))
        .bind(integer(call.signs.bits()))
        .bind(call.database_ns.map(integer))
        .bind(call.outgoing_ns.map(integer))
        .bind(call.child_ns.map(integer))
        .bind(call.writes.map(integer))
        .bind(call.body_ns.map(integer))
        .bind(call.network.map(|key| integer(key.0)))
        .bind(call.use_cache_hits)
        .bind(call.use_cache_misses)
        .bind(call.use_cache_fills)
        .bind(call.unknown_action.as_deref())
}
