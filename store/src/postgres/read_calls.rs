//! Calls are read hour by hour, part by part of their clients, each part in a transaction of its own.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::sync::mpsc;

use super::Store;
use super::statement::{Statement, made, number, optional, text};
use crate::call_pieces::{Cut, Handlers, MOST, MOST_PARTS, PART, PART_BYTES};
use crate::error::StoreError;
use crate::{Call, Caller, ClientKey, Fingerprint, Form, InstanceKey, Sampling, Signs, SpanId, TraceId};

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

/// The Calls that tell no client.
const NO_CLIENT: &str = "coalesce(calls.network, calls.client) IS NULL";

/// A part of the clients.
struct Part {
    /// The condition that chooses them.
    clients: String,
    calls: u64,
    /// Of their texts.
    bytes: u64,
}

/// Calls of a service that started within a time.
#[derive(Clone, Copy)]
struct Range<'a> {
    service: &'a str,
    from_ns: u64,
    to_ns: u64,
}

impl<'a> Range<'a> {
    /// The same time in so many pieces of equal length, at least one.
    fn slices(self, count: u64) -> impl Iterator<Item = Self> {
        let count = count.max(1);
        let length = self.to_ns.saturating_sub(self.from_ns).div_ceil(count);
        (0..count).map(move |number| {
            let from_ns = self.from_ns + number * length;
            Self { from_ns, to_ns: from_ns.saturating_add(length).min(self.to_ns), ..self }
        })
    }

    fn bind(self, sql: String) -> Statement<'a> {
        made(sql).bind(text(self.service)).bind(self.from_ns.cast_signed()).bind(self.to_ns.cast_signed())
    }
}

impl Store {
    pub(crate) async fn calls(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
    ) -> Result<Vec<Call>, StoreError> {
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

    pub(crate) async fn calls_by_client(
        &self,
        service: &str,
        from_ns: u64,
        to_ns: u64,
        pieces: mpsc::Sender<Vec<Call>>,
    ) -> Result<u64, StoreError> {
        let range = Range { service, from_ns, to_ns };
        let known = self.handlers(service).await?.into_iter().map(|(id, handler)| (id, Arc::new(handler)));
        let mut handlers = Handlers { known: known.collect(), of_pages: HashMap::new() };
        let mut left_out = 0;
        for Part { clients, calls, bytes } in self.parts(range).await? {
            // Calls that tell no client need not come together.
            let most = if clients == NO_CLIENT { PART } else { MOST };
            let slices = calls.div_ceil(most).max(bytes.div_ceil(PART_BYTES));
            for slice in range.slices(slices) {
                let cut = if slices > 1 { self.cut(slice, &clients).await? } else { Cut::WHOLE };
                left_out += cut.left_out;
                for number in 0..cut.pieces {
                    let piece = self.read_calls(slice, &mut handlers, &clients, cut, number).await?;
                    // Whoever does not take them any more needs none of them.
                    if pieces.send(piece).await.is_err() {
                        return Ok(left_out);
                    }
                }
            }
        }
        Ok(left_out)
    }

    /// How a slice has to be cut where cutting in time was not enough: a sender may say that everything began at once.
    async fn cut(&self, slice: Range<'_>, clients: &str) -> Result<Cut, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT count(*), coalesce(sum({TEXT_BYTES}), 0)::bigint, coalesce(max({TEXT_BYTES}), 0)::bigint \
             FROM {OF_RANGE} AND {clients}"
        );
        let row = slice.bind(sql).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(Cut::of(number(&row, 0)?, number(&row, 1)?, number(&row, 2)?))
    }

    /// The parts of the clients that are read one after the other.
    async fn parts(&self, range: Range<'_>) -> Result<Vec<Part>, StoreError> {
        let mut tx = self.read().await?;
        let sql = format!("SELECT count(*), coalesce(sum({TEXT_BYTES}), 0)::bigint FROM {OF_RANGE}");
        let all = range.bind(sql).fetch_one(&mut *tx).await?;
        let (calls, bytes) = (number(&all, 0)?, number(&all, 1)?);
        let parts = calls.div_ceil(PART).max(bytes.div_ceil(PART_BYTES)).clamp(1, MOST_PARTS);
        // Client keys are hashes: their last bits are as good as chance.
        let part = format!("coalesce(calls.network, calls.client) & {}", parts.next_power_of_two() - 1);
        let sql = format!("SELECT {part}, count(*), sum({TEXT_BYTES})::bigint FROM {OF_RANGE} GROUP BY 1");
        let rows = range.bind(sql).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let row = |row: &PgRow| {
            let clients = match row.try_get::<Option<i64>, _>(0)? {
                None => NO_CLIENT.to_owned(),
                Some(number) => format!("{part} = {number}"),
            };
            Ok(Part { clients, calls: number(row, 1)?, bytes: number(row, 2)? })
        };
        Ok(rows.iter().map(row).collect::<Result<_, sqlx::Error>>()?)
    }

    async fn read_calls(
        &self,
        range: Range<'_>,
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
        let mut rows = range.bind(sql).fetch(&mut *tx);
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
