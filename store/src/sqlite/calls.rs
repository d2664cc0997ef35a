//! Calls: written trace by trace together with the extraction watermark, read hour by hour.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::rollups::mark_dirty;
use super::{BlockId, ROWS_PER_INSERT, Store, StoreError, app_facts, handlers, volumes};
use crate::{
    AppFact, Call, Caller, ClientKey, Fingerprint, Form, Handler, Hour, InstanceKey, Kind, Sampling, Signs,
    SpanId, TraceCalls, TraceId,
};

/// The only collector there is so far; each further one will keep a watermark of its own.
const COLLECTOR: &str = "local";

const COLUMNS: &str = "handler, start_ns, trace, span, duration_ns, route, method, status, form, caller, agent, \
     client, instance, path, page, request_bytes, response_bytes, request_key, response_hash, media_type, \
     signature, origin, first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, requests_seen, signs";

impl Store {
    /// The last block whose Calls are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn extracted_to(&self) -> Result<BlockId, StoreError> {
        let block: Option<i64> = sqlx::query_scalar("SELECT block FROM extraction WHERE collector = ?")
            .bind(COLLECTOR)
            .fetch_optional(&self.readers)
            .await?;
        Ok(BlockId(block.unwrap_or_default()))
    }

    /// Puts the Calls of whole Traces in place of what was known of them, with the facts found beside them and
    /// the watermark: all of it or nothing.
    ///
    /// # Errors
    /// When the database refuses; then nothing has changed.
    pub async fn commit_calls(
        &self,
        traces: &[TraceCalls],
        facts: &[AppFact],
        extracted_to: BlockId,
    ) -> Result<(), StoreError> {
        let mut tx = self.writer.begin().await?;
        let mut dirty = BTreeSet::new();
        let seen: Vec<TraceId> = traces.iter().filter(|t| t.seen_before).map(|t| t.trace).collect();
        let forgotten = forget_traces(&mut tx, &seen, &mut dirty).await?;

        let calls: Vec<(Fingerprint, &Call)> =
            traces.iter().flat_map(|t| &t.calls).map(|call| (call.handler.fingerprint(), call)).collect();
        let mut known = HashSet::new();
        for (id, call) in &calls {
            if known.insert(*id) {
                handlers::remember(&mut tx, *id, &call.handler).await?;
            }
            dirty.extend(touched_hours(call.start_ns).map(|hour| (call.handler.service.clone(), hour)));
        }
        for some in calls.chunks(ROWS_PER_INSERT) {
            QueryBuilder::<Sqlite>::new(format!("INSERT OR REPLACE INTO calls ({COLUMNS}) "))
                .push_values(some, |row, (id, call)| bind(row, *id, call))
                .build()
                .execute(&mut *tx)
                .await?;
        }
        let added = i64::try_from(calls.len()).unwrap_or(i64::MAX) - forgotten;
        volumes::add(&mut tx, Kind::Calls, added, 0).await?;
        for fact in facts {
            app_facts::remember(&mut tx, fact).await?;
        }
        for (service, hour) in &dirty {
            mark_dirty(&mut tx, service, *hour, extracted_to.0).await?;
        }
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

    /// The Calls of a service that started in `from_ns <= start < to_ns`, ordered by client, then by start.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn calls(&self, service: &str, from_ns: u64, to_ns: u64) -> Result<Vec<Call>, StoreError> {
        let handlers: HashMap<Fingerprint, Arc<Handler>> =
            self.handlers(service).await?.into_iter().map(|(id, handler)| (id, Arc::new(handler))).collect();
        // CROSS JOIN fixes the order: few handlers outside, a range of each one's index inside.
        let sql = format!(
            "SELECT {COLUMNS} FROM handlers CROSS JOIN calls ON calls.handler = handlers.fingerprint \
             WHERE handlers.service = ? AND calls.start_ns >= ? AND calls.start_ns < ? \
             ORDER BY calls.client, calls.start_ns, calls.trace, calls.span"
        )
        .replace("route,", "calls.route,")
        .replace("method,", "calls.method,");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(service)
            .bind(from_ns.cast_signed())
            .bind(to_ns.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        let mut pages = HashMap::new();
        rows.iter().filter_map(|row| read(row, &handlers, &mut pages).transpose()).collect()
    }

    /// The start of the newest Call of a service, ns since the epoch; `None` without any Call.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn newest_call(&self, service: &str) -> Result<Option<u64>, StoreError> {
        let newest: Option<i64> = sqlx::query_scalar(
            "SELECT max((SELECT max(start_ns) FROM calls WHERE handler = fingerprint)) FROM handlers WHERE service = ?",
        )
        .bind(service)
        .fetch_one(&self.readers)
        .await?;
        Ok(newest.map(i64::cast_unsigned))
    }
}

/// The hours whose Rollups a Call bears on: its own, and a neighbour when it is near the edge.
fn touched_hours(start_ns: u64) -> impl Iterator<Item = Hour> {
    let around =
        [start_ns.saturating_sub(Hour::OVERLAP_NS), start_ns, start_ns.saturating_add(Hour::OVERLAP_NS)];
    around.into_iter().map(Hour::of)
}

/// Removes the Calls of these Traces, notes the hours they were in, and says how many they were.
async fn forget_traces(
    tx: &mut SqliteConnection,
    traces: &[TraceId],
    dirty: &mut BTreeSet<(String, Hour)>,
) -> Result<i64, sqlx::Error> {
    let mut forgotten = 0;
    for some in traces.chunks(ROWS_PER_INSERT) {
        let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM calls WHERE trace IN (");
        let mut list = query.separated(", ");
        for trace in some {
            list.push_bind(trace.0.to_vec());
        }
        query.push(
            ") RETURNING start_ns, (SELECT service FROM handlers WHERE fingerprint = handler) AS service",
        );
        for row in query.build().fetch_all(&mut *tx).await? {
            forgotten += 1;
            let start: i64 = row.try_get(0)?;
            let service: Option<String> = row.try_get(1)?;
            let service = service.unwrap_or_default();
            dirty.extend(touched_hours(start.cast_unsigned()).map(|hour| (service.clone(), hour)));
        }
    }
    Ok(forgotten)
}

/// Binds one Call in the order of [`COLUMNS`].
fn bind(mut row: Separated<'_, Sqlite, &'static str>, id: Fingerprint, call: &Call) {
    let integer = |value: u64| value.cast_signed();
    row.push_bind(integer(id.0))
        .push_bind(integer(call.start_ns))
        .push_bind(call.trace.0.to_vec())
        .push_bind(call.span.0.to_vec())
        .push_bind(integer(call.duration_ns))
        .push_bind(call.handler.action.is_some().then(|| call.handler.route.clone()))
        .push_bind(call.method.clone())
        .push_bind(call.status)
        .push_bind(call.form.as_str())
        .push_bind(call.caller.as_str())
        .push_bind(call.agent.clone())
        .push_bind(call.client.map(|key| integer(key.0)))
        .push_bind(call.instance.map(|key| integer(key.0)))
        .push_bind(call.path.clone())
        .push_bind(call.page.clone())
        .push_bind(call.request_bytes.map(integer))
        .push_bind(call.response_bytes.map(integer))
        .push_bind(call.request_key.map(integer))
        .push_bind(call.response_hash.map(integer))
        .push_bind(call.media_type.clone())
        .push_bind(call.signature.clone())
        .push_bind(call.origin.clone())
        .push_bind(call.first_byte_ns.map(integer))
        .push_bind(call.self_fetches)
        .push_bind(integer(call.self_fetch_overhead_ns))
        .push_bind(match call.sampling {
            Sampling::Threshold(threshold) => Some(integer(threshold)),
            Sampling::Undeclared => None,
        })
        .push_bind(call.requests_seen.map(integer))
        .push_bind(integer(call.signs.bits()));
}

/// Reads one Call; `None` when its Handler was forgotten meanwhile. `pages` shares the Handlers that differ from
/// the dictionary by the page an action was called from.
fn read(
    row: &SqliteRow,
    handlers: &HashMap<Fingerprint, Arc<Handler>>,
    pages: &mut HashMap<(Fingerprint, String), Arc<Handler>>,
) -> Result<Option<Call>, StoreError> {
    let integer = |index: usize| row.try_get::<i64, _>(index).map(i64::cast_unsigned);
    let optional = |index: usize| row.try_get::<Option<i64>, _>(index).map(|it| it.map(i64::cast_unsigned));
    let text = |index: usize| row.try_get::<Option<String>, _>(index);
    let id = Fingerprint(integer(0)?);
    let Some(known) = handlers.get(&id) else { return Ok(None) };
    let handler = match text(5)? {
        Some(route) if route != known.route => pages
            .entry((id, route))
            .or_insert_with_key(|(_, route)| {
                Arc::new(Handler { route: route.clone(), ..Handler::clone(known) })
            })
            .clone(),
        _ => known.clone(),
    };
    Ok(Some(Call {
        handler,
        start_ns: integer(1)?,
        trace: TraceId(bytes(row, 2)?),
        span: SpanId(bytes(row, 3)?),
        duration_ns: integer(4)?,
        method: row.try_get(6)?,
        status: row.try_get(7)?,
        form: Form::from_word(row.try_get(8)?).unwrap_or(Form::Plain),
        caller: Caller::from_word(row.try_get(9)?).unwrap_or(Caller::Unknown),
        agent: text(10)?,
        client: optional(11)?.map(ClientKey),
        instance: optional(12)?.map(InstanceKey),
        path: text(13)?,
        page: text(14)?,
        request_bytes: optional(15)?,
        response_bytes: optional(16)?,
        request_key: optional(17)?,
        response_hash: optional(18)?,
        media_type: text(19)?,
        signature: text(20)?,
        origin: text(21)?,
        first_byte_ns: optional(22)?,
        self_fetches: row.try_get(23)?,
        self_fetch_overhead_ns: integer(24)?,
        sampling: optional(25)?.map_or(Sampling::Undeclared, Sampling::Threshold),
        requests_seen: optional(26)?,
        signs: Signs::from_bits(integer(27)?),
    }))
}

fn bytes<const N: usize>(row: &SqliteRow, index: usize) -> Result<[u8; N], sqlx::Error> {
    let bytes: &[u8] = row.try_get(index)?;
    bytes.try_into().map_err(|_| sqlx::Error::ColumnDecode {
        index: index.to_string(),
        source: format!("an id of {N} bytes was expected, not {}", bytes.len()).into(),
    })
}
