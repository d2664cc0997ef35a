//! Calls are read hour by hour, part by part of their clients, each part in a transaction of its own.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::sync::mpsc;

use super::Store;
use super::statement::{Statement, made, number, optional, text};
use crate::call_pieces::{self, Cut, Handlers, InPieces, Part, Range, part_of};
use crate::error::StoreError;
use crate::{
    Call, Caller, ClientKey, Fingerprint, Form, Handler, InstanceKey, Sampling, Signs, SpanId, TraceId,
};

/// The bytes of a Call's texts.
const TEXT_BYTES: &str = "(coalesce(octet_length(calls.path), 0) + coalesce(octet_length(calls.page), 0) \
     + coalesce(octet_length(calls.route), 0) + coalesce(octet_length(calls.agent), 0) \
     + coalesce(octet_length(calls.media_type), 0) + coalesce(octet_length(calls.signature), 0) \
     + coalesce(octet_length(calls.origin), 0) + coalesce(octet_length(calls.unknown_action), 0))";

/// In the order in which [`read`] expects them.
const COLUMNS: &str = "calls.handler, start_ns, trace, span, duration_ns, calls.route, calls.method, status, form, caller, agent, \
     client, instance, path, page, request_bytes, response_bytes, request_key, response_hash, media_type, signature, \
     origin, first_byte_ns, self_fetches, self_fetch_overhead_ns, sampling, requests_seen, signs, database_ns, \
     outgoing_ns, child_ns, writes, body_ns, network, use_cache_hits, use_cache_misses, use_cache_fills, unknown_action";

const OF_RANGE: &str = "handlers JOIN calls ON calls.handler = handlers.fingerprint \
     WHERE handlers.service = $1 AND calls.start_ns >= $2 AND calls.start_ns < $3";

/// A statement about the Calls of a range.
fn bound<'a>(range: Range<'a>, sql: String) -> Statement<'a> {
    made(sql).bind(text(range.service)).bind(range.from_ns.cast_signed()).bind(range.to_ns.cast_signed())
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
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT count(*), coalesce(sum({TEXT_BYTES}), 0)::bigint, coalesce(max({TEXT_BYTES}), 0)::bigint \
             FROM {OF_RANGE} AND {clients}"
        );
        let row = bound(slice, sql).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(Cut::of(number(&row, 0)?, number(&row, 1)?, number(&row, 2)?))
    }

    async fn parts(&self, range: Range<'_>) -> Result<Vec<Part>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT count(*), coalesce(sum({TEXT_BYTES}), 0)::bigint FROM {OF_RANGE}");
        let all = bound(range, sql).fetch_one(&mut *tx).await?;
        let part = part_of(number(&all, 0)?, number(&all, 1)?);
        let sql = format!("SELECT {part}, count(*), sum({TEXT_BYTES})::bigint FROM {OF_RANGE} GROUP BY 1");
        let rows = bound(range, sql).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let row = |row: &PgRow| Ok(Part::of(&part, row.try_get(0)?, number(row, 1)?, number(row, 2)?));
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
        let mut sql = format!("SELECT {COLUMNS} FROM {OF_RANGE} AND {clients}");
        if cut.pieces > 1 {
            // The order is that of the keys, the same each time.
            let (limit, offset) = (cut.calls, number * cut.calls);
            sql += &format!(" ORDER BY calls.handler, start_ns, trace, span LIMIT {limit} OFFSET {offset}");
        }
        let mut tx = self.read().await?;
        let mut calls = Vec::new();
        let mut rows = bound(slice, sql).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            calls.extend(read(&row, handlers)?);
        }
        drop(rows);
        tx.commit().await?;
        Ok(calls)
    }
}

/// Reads [`COLUMNS`]; `None` when the Handler was forgotten meanwhile.
fn read(row: &PgRow, handlers: &mut Handlers) -> Result<Option<Call>, sqlx::Error> {
    let unreadable = || sqlx::Error::Decode("a call cannot be read: its ids are none".into());
    let Some(handler) = handlers.of(Fingerprint(number(row, 0)?), row.try_get(5)?) else { return Ok(None) };
    let count =
        |index: usize| optional(row, index).map(|count| count.and_then(|count| u32::try_from(count).ok()));
    Ok(Some(Call {
        handler,
        trace: TraceId::from_wire(row.try_get(2)?).ok_or_else(unreadable)?,
        span: SpanId::from_wire(row.try_get(3)?).ok_or_else(unreadable)?,
        start_ns: number(row, 1)?,
        duration_ns: number(row, 4)?,
        method: row.try_get(6)?,
        status: row.try_get::<Option<i32>, _>(7)?.and_then(|status| u16::try_from(status).ok()),
        form: Form::from_word(row.try_get(8)?).unwrap_or(Form::Plain),
        caller: Caller::from_word(row.try_get(9)?).unwrap_or(Caller::Unknown),
        agent: row.try_get(10)?,
        client: optional(row, 11)?.map(ClientKey),
        instance: optional(row, 12)?.map(InstanceKey),
        path: row.try_get(13)?,
        page: row.try_get(14)?,
        request_bytes: optional(row, 15)?,
        response_bytes: optional(row, 16)?,
        request_key: optional(row, 17)?,
        response_hash: optional(row, 18)?,
        media_type: row.try_get(19)?,
        signature: row.try_get(20)?,
        origin: row.try_get(21)?,
        first_byte_ns: optional(row, 22)?,
        self_fetches: u32::try_from(number(row, 23)?).unwrap_or(u32::MAX),
        self_fetch_overhead_ns: number(row, 24)?,
        sampling: optional(row, 25)?.map_or(Sampling::Undeclared, Sampling::Threshold),
        requests_seen: optional(row, 26)?,
        signs: Signs::from_bits(number(row, 27)?),
        database_ns: optional(row, 28)?,
        outgoing_ns: optional(row, 29)?,
        child_ns: optional(row, 30)?,
        writes: optional(row, 31)?,
        body_ns: optional(row, 32)?,
        network: optional(row, 33)?.map(ClientKey),
        use_cache_hits: count(34)?,
        use_cache_misses: count(35)?,
        use_cache_fills: count(36)?,
        unknown_action: row.try_get(37)?,
    }))
}
