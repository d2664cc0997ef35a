//! Calls: written trace by trace together with the extraction watermark, read hour by hour.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use tokio::sync::mpsc;

use super::many::{Bound, Many, any_of, statements};
use super::rollups::mark_dirty;
use super::{BlockId, Store, StoreError, app_facts, handlers, volumes};
use crate::{
    AppFact, Call, Caller, ClientKey, Fingerprint, Form, Handler, Hour, InstanceKey, Kind, Sampling, Signs,
    SpanId, TraceCalls, TraceId,
};

/// The only collector there is so far; each further one will keep a watermark of its own.
const COLLECTOR: &str = "local";

/// Calls without a client that are handed over at a time: some milliseconds of work for whoever takes them.
const PIECE: usize = 1_024;

/// Calls of a part of the clients that are handed over at a time: some 30 MiB.
const PART: u64 = 50_000;

/// Calls that come together at most: twice what a part should have.
const MOST: usize = 100_000;

const COLUMNS: &str = "handler, start_ns, trace, span, duration_ns, route, method, status, form, caller, agent, \
     client, instance, path, page, request_bytes, response_bytes, request_key, response_hash, media_type, \
     signature, origin, first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, requests_seen, signs, \
     database_ns, outgoing_ns, child_ns";

static INSERT: Many = Many::new(|| {
    statements(&format!("INSERT OR REPLACE INTO calls ({COLUMNS})"), COLUMNS.split(',').count(), "")
});

static FORGET: Many = Many::new(|| {
    any_of("DELETE FROM calls WHERE", "handler = ? AND start_ns = ? AND trace = ? AND span = ?")
});

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
            dirty.extend(touched_hours(call.start_ns).map(|hour| (service, hour)));
        }
        INSERT.run(&mut tx, &calls, |query, (id, call)| bind(query, *id, call)).await?;
        let added = i64::try_from(calls.len()).unwrap_or(i64::MAX) - forgotten.rows;
        volumes::add(&mut tx, Kind::Calls, added, 0).await?;
        app_facts::remember(&mut tx, facts).await?;
        mark_dirty(&mut tx, &dirty.into_iter().collect::<Vec<_>>(), extracted_to.0).await?;
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
        let (pieces, mut taken) = mpsc::channel(1);
        let mut calls = Vec::new();
        let take = async {
            while let Some(piece) = taken.recv().await {
                calls.extend::<Vec<Call>>(piece);
            }
        };
        tokio::join!(self.calls_by_client(service, from_ns, to_ns, pieces), take).0?;
        calls.sort_by_key(|call| (call.client, call.start_ns, call.trace, call.span));
        Ok(calls)
    }

    /// Sends the same piece by piece and in no order, so that not all of them are held at once. All Calls of a client come in
    /// one piece, unless the piece would have more than 100,000.
    ///
    /// An hour with many Calls is read several times, each time for a part of the clients: passing over a row costs a
    /// fraction of what sorting all of them by client would.
    ///
    /// # Errors
    /// When the database refuses; then some pieces may have been sent already.
    pub async fn calls_by_client(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
        pieces: mpsc::Sender<Vec<Call>>,
    ) -> Result<(), StoreError> {
        let range = Range { service, from_ns, to_ns };
        let handlers: HashMap<Fingerprint, Arc<Handler>> =
            self.handlers(service).await?.into_iter().map(|(id, handler)| (id, Arc::new(handler))).collect();
        let count = self.count_calls(range).await?;
        self.read_calls(range, &handlers, "calls.client IS NULL", PIECE, &pieces).await?;
        let parts = count.div_ceil(PART).next_power_of_two();
        for part in 0..parts {
            // Client keys are hashes: their last bits are as good as chance.
            let clients = format!("calls.client & {} = {part}", parts - 1);
            self.read_calls(range, &handlers, &clients, MOST, &pieces).await?;
        }
        Ok(())
    }

    async fn count_calls(&self, range: Range<'_>) -> Result<u64, StoreError> {
        let sql = format!("SELECT count(*) FROM {OF_RANGE}");
        let row = range.bind(sqlx::query(sqlx::AssertSqlSafe(sql))).fetch_one(&self.readers).await?;
        Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
    }

    /// Sends the Calls of some clients, `most` at a time.
    async fn read_calls(
        &self,
        range: Range<'_>,
        handlers: &HashMap<Fingerprint, Arc<Handler>>,
        clients: &str,
        most: usize,
        pieces: &mpsc::Sender<Vec<Call>>,
    ) -> Result<(), StoreError> {
        let columns = COLUMNS.replace("route,", "calls.route,").replace("method,", "calls.method,");
        let sql = format!("SELECT {columns} FROM {OF_RANGE} AND {clients}");
        let mut rows = range.bind(sqlx::query(sqlx::AssertSqlSafe(sql))).fetch(&self.readers);
        let (mut pages, mut piece) = (HashMap::new(), Vec::new());
        while let Some(row) = rows.try_next().await? {
            let Some(call) = read(&row, handlers, &mut pages)? else { continue };
            piece.push(call);
            if piece.len() >= most && pieces.send(std::mem::take(&mut piece)).await.is_err() {
                return Ok(());
            }
        }
        // Whoever does not take them any more needs none of them.
        let _ = pieces.send(piece).await;
        Ok(())
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

/// Calls of a service that started within a time.
#[derive(Clone, Copy)]
struct Range<'a> {
    service: &'a str,
    from_ns: u64,
    to_ns: u64,
}

/// CROSS JOIN fixes the order: few handlers outside, a range of each one's index inside.
const OF_RANGE: &str = "handlers CROSS JOIN calls ON calls.handler = handlers.fingerprint \
     WHERE handlers.service = ? AND calls.start_ns >= ? AND calls.start_ns < ?";

impl<'a> Range<'a> {
    fn bind(self, query: Bound<'a>) -> Bound<'a> {
        query.bind(self.service).bind(self.from_ns.cast_signed()).bind(self.to_ns.cast_signed())
    }
}

/// The hours whose Rollups a Call bears on: its own, and a neighbour when it is near the edge.
fn touched_hours(start_ns: u64) -> impl Iterator<Item = Hour> {
    let around =
        [start_ns.saturating_sub(Hour::OVERLAP_NS), start_ns, start_ns.saturating_add(Hour::OVERLAP_NS)];
    around.into_iter().map(Hour::of)
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
        database_ns: optional(28)?,
        outgoing_ns: optional(29)?,
        child_ns: optional(30)?,
    }))
}

fn bytes<const N: usize>(row: &SqliteRow, index: usize) -> Result<[u8; N], sqlx::Error> {
    let bytes: &[u8] = row.try_get(index)?;
    bytes.try_into().map_err(|_| sqlx::Error::ColumnDecode {
        index: index.to_string(),
        source: format!("an id of {N} bytes was expected, not {}", bytes.len()).into(),
    })
}
