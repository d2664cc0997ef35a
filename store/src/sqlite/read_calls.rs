//! Calls are read hour by hour, part by part of their clients.
//!
//! The Calls of a Handler come as one JSON array. A row for each of them, with a value for each of their thirty columns,
//! costs two allocations and a lock a value on its way from the connection's thread, and a wake-up a row: this way an hour
//! is read in a third of the time.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use serde::Deserialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use tokio::sync::mpsc;

use super::many::Bound;
use super::{Store, StoreError};
use crate::call_pieces::{self, Cut, Handlers, InPieces, Part, Range, part_of};
use crate::{
    Call, Caller, ClientKey, Fingerprint, Form, Handler, InstanceKey, Sampling, Signs, SpanId, TraceId,
};

/// The bytes of a Call's texts.
const TEXT_BYTES: &str = "octet_length(coalesce(calls.path, '')) + octet_length(coalesce(calls.page, '')) \
     + octet_length(coalesce(calls.route, '')) + octet_length(coalesce(calls.agent, '')) \
     + octet_length(coalesce(calls.media_type, '')) + octet_length(coalesce(calls.signature, '')) \
     + octet_length(coalesce(calls.origin, '')) + octet_length(coalesce(calls.unknown_action, ''))";

/// A Call in the order of [`Columns`].
const AS_JSON: &str = "json_array(calls.handler, start_ns, hex(trace), hex(span), duration_ns, calls.route, calls.method, \
     status, form, caller, agent, client, instance, path, page, request_bytes, response_bytes, request_key, \
     response_hash, media_type, signature, origin, first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, \
     requests_seen, signs, database_ns, outgoing_ns, child_ns, writes, body_ns, network, use_cache_hits, \
     use_cache_misses, use_cache_fills, unknown_action)";

/// CROSS JOIN fixes the order: few handlers outside, a range of each one's Calls inside.
const OF_RANGE: &str = "handlers CROSS JOIN calls ON calls.handler = handlers.fingerprint \
     WHERE handlers.service = ? AND calls.start_ns >= ? AND calls.start_ns < ?";

/// A statement about the Calls of a range.
fn bound<'a>(range: Range<'a>, query: Bound<'a>) -> Bound<'a> {
    query.bind(range.service).bind(range.from_ns.cast_signed()).bind(range.to_ns.cast_signed())
}

impl Store {
    pub(crate) async fn calls(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
    ) -> Result<Vec<Call>, StoreError> {
        call_pieces::all(self, Range { service, from_ns, to_ns }).await
    }

    pub(crate) async fn calls_by_client(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
        pieces: mpsc::Sender<Vec<Call>>,
    ) -> Result<u64, StoreError> {
        call_pieces::by_client(self, Range { service, from_ns, to_ns }, pieces).await
    }
}

impl InPieces for Store {
    async fn known_handlers(&self, service: &str) -> Result<HashMap<Fingerprint, Handler>, StoreError> {
        self.handlers(service).await
    }

    async fn cut(&self, slice: Range<'_>, clients: &str) -> Result<Cut, StoreError> {
        let sql = format!(
            "SELECT count(*), coalesce(sum({TEXT_BYTES}), 0), coalesce(max({TEXT_BYTES}), 0) FROM {OF_RANGE} AND {clients}"
        );
        let row = bound(slice, sqlx::query(sqlx::AssertSqlSafe(sql))).fetch_one(&self.readers).await?;
        Ok(Cut::of(number(&row, 0)?, number(&row, 1)?, number(&row, 2)?))
    }

    async fn parts(&self, range: Range<'_>) -> Result<Vec<Part>, StoreError> {
        let sql = format!("SELECT count(*), coalesce(sum({TEXT_BYTES}), 0) FROM {OF_RANGE}");
        let all = bound(range, sqlx::query(sqlx::AssertSqlSafe(sql))).fetch_one(&self.readers).await?;
        let part = part_of(number(&all, 0)?, number(&all, 1)?);
        let sql = format!("SELECT {part}, count(*), sum({TEXT_BYTES}) FROM {OF_RANGE} GROUP BY 1");
        let rows = bound(range, sqlx::query(sqlx::AssertSqlSafe(sql))).fetch_all(&self.readers).await?;
        let row = |row: &SqliteRow| Ok(Part::of(&part, row.try_get(0)?, number(row, 1)?, number(row, 2)?));
        Ok(rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?)
    }

    async fn piece(
        &self,
        slice: Range<'_>,
        handlers: &mut Handlers,
        clients: &str,
        cut: Cut,
        number: u64,
    ) -> Result<Vec<Call>, StoreError> {
        let sql = if cut.pieces == 1 {
            format!(
                "SELECT json_group_array({AS_JSON}) FROM {OF_RANGE} AND {clients} GROUP BY handlers.fingerprint"
            )
        } else {
            // The order is that of the keys, the same each time.
            let (limit, offset) = (cut.calls, number * cut.calls);
            format!(
                "SELECT json_group_array({AS_JSON}) FROM (SELECT calls.* FROM {OF_RANGE} AND {clients} \
                 LIMIT {limit} OFFSET {offset}) AS calls GROUP BY calls.handler"
            )
        };
        let mut rows = bound(slice, sqlx::query(sqlx::AssertSqlSafe(sql))).fetch(&self.readers);
        let mut calls = Vec::new();
        while let Some(row) = rows.try_next().await? {
            read(row.try_get(0)?, handlers, &mut calls)?;
        }
        Ok(calls)
    }
}

/// A Call as it comes.
#[derive(Deserialize)]
struct Columns<'a> {
    handler: i64,
    start_ns: i64,
    trace: &'a str,
    span: &'a str,
    duration_ns: i64,
    route: Option<String>,
    method: String,
    status: Option<u16>,
    form: &'a str,
    caller: &'a str,
    agent: Option<String>,
    client: Option<i64>,
    instance: Option<i64>,
    path: Option<String>,
    page: Option<String>,
    request_bytes: Option<i64>,
    response_bytes: Option<i64>,
    request_key: Option<i64>,
    response_hash: Option<i64>,
    media_type: Option<String>,
    signature: Option<String>,
    origin: Option<String>,
    first_byte_ns: Option<i64>,
    self_fetches: u32,
    self_fetch_overhead_ns: i64,
    sampling: Option<i64>,
    requests_seen: Option<i64>,
    signs: i64,
    database_ns: Option<i64>,
    outgoing_ns: Option<i64>,
    child_ns: Option<i64>,
    writes: Option<i64>,
    body_ns: Option<i64>,
    network: Option<i64>,
    use_cache_hits: Option<u32>,
    use_cache_misses: Option<u32>,
    use_cache_fills: Option<u32>,
    unknown_action: Option<String>,
}

/// Reads the Calls of one Handler; none of them when it was forgotten meanwhile.
fn read(rows: &str, handlers: &mut Handlers, to: &mut Vec<Call>) -> Result<(), sqlx::Error> {
    let unreadable = |error: String| sqlx::Error::Decode(format!("a call cannot be read: {error}").into());
    let rows: Vec<Columns<'_>> = serde_json::from_str(rows).map_err(|error| unreadable(error.to_string()))?;
    for row in rows {
        let (trace, span) = (TraceId::from_hex(row.trace), SpanId::from_hex(row.span));
        let id = trace.zip(span).ok_or_else(|| unreadable("its ids are none".to_owned()))?;
        to.extend(row.call(id, handlers));
    }
    Ok(())
}

fn number(row: &SqliteRow, column: usize) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(i64::cast_unsigned)
}

impl Columns<'_> {
    /// The Call; `None` when its Handler was forgotten meanwhile.
    fn call(self, (trace, span): (TraceId, SpanId), handlers: &mut Handlers) -> Option<Call> {
        let number = |column: Option<i64>| column.map(i64::cast_unsigned);
        Some(Call {
            handler: handlers.of(Fingerprint(self.handler.cast_unsigned()), self.route)?,
            trace,
            span,
            start_ns: self.start_ns.cast_unsigned(),
            duration_ns: self.duration_ns.cast_unsigned(),
            method: self.method,
            status: self.status,
            form: Form::from_word(self.form).unwrap_or(Form::Plain),
            caller: Caller::from_word(self.caller).unwrap_or(Caller::Unknown),
            agent: self.agent,
            client: number(self.client).map(ClientKey),
            instance: number(self.instance).map(InstanceKey),
            path: self.path,
            page: self.page,
            request_bytes: number(self.request_bytes),
            response_bytes: number(self.response_bytes),
            request_key: number(self.request_key),
            response_hash: number(self.response_hash),
            media_type: self.media_type,
            signature: self.signature,
            origin: self.origin,
            first_byte_ns: number(self.first_byte_ns),
            self_fetches: self.self_fetches,
            self_fetch_overhead_ns: self.self_fetch_overhead_ns.cast_unsigned(),
            database_ns: number(self.database_ns),
            outgoing_ns: number(self.outgoing_ns),
            child_ns: number(self.child_ns),
            sampling: number(self.sampling).map_or(Sampling::Undeclared, Sampling::Threshold),
            requests_seen: number(self.requests_seen),
            writes: number(self.writes),
            body_ns: number(self.body_ns),
            network: number(self.network).map(ClientKey),
            use_cache_hits: self.use_cache_hits,
            use_cache_misses: self.use_cache_misses,
            use_cache_fills: self.use_cache_fills,
            unknown_action: self.unknown_action,
            signs: Signs::from_bits(self.signs.cast_unsigned()),
        })
    }
}
