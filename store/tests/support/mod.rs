//! Real files with data in them, and looking into them behind the store's back.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

#[cfg(feature = "postgres")]
pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pointsman_store::{
    AdviceChange, AdviceRun, Block, BlockId, Call, Caller, ChangeRecord, Fingerprint, Form, Handler,
    HandlerKind, Hour, KeptReport, RecommendationRecord, ReportKey, RollupRecord, Sampling, Signs, SpanId,
    StandingRecord, Store, TraceCalls, TraceId, TransitionRecord,
};

/// A moment in the middle of an hour: all data is told by its distance to it.
pub(crate) const NOW: u64 = 1_795_000_000 * 1_000_000_000 / Hour::NANOS * Hour::NANOS + Hour::NANOS / 2;
pub(crate) const DAY: u64 = 24 * Hour::NANOS;
pub(crate) const SERVICE: &str = "shop";

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) db: PathBuf,
    /// Of a server's database, where it is.
    pub(crate) address: Option<String>,
    pub(crate) store: Store,
}

impl World {
    /// The same database, as another process opens it.
    pub(crate) async fn another(&self) -> Store {
        Store::open(self.store.location()).await.unwrap()
    }

    /// What a statement finds behind the store's back.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        #[cfg(feature = "postgres")]
        if let Some(address) = &self.address {
            return number_on_server(address, sql).await;
        }
        number(&self.db, sql).await
    }

    /// Does something behind the back of a server's store.
    #[cfg(feature = "postgres")]
    pub(crate) async fn run(&self, sql: &'static str) {
        let mut connection = connection(self.address.as_deref().unwrap()).await;
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
}

pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let store = Store::open(&db).await.unwrap();
    World { folder, db, address: None, store }
}

/// The same on a server; `None` where there is none, which is said.
#[cfg(feature = "postgres")]
pub(crate) async fn server_world() -> Option<World> {
    let address = server::address()?;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(location(&address)).await.unwrap();
    Some(World { db: folder.path().join("none"), folder, address: Some(address), store })
}

pub(crate) fn location(address: &str) -> pointsman_store::Location {
    std::ffi::OsString::from(address).into()
}

#[cfg(feature = "postgres")]
async fn connection(address: &str) -> sqlx::PgConnection {
    use sqlx::Connection;
    let (base, schema) = address.split_once("schema=").unwrap();
    let mut connection = sqlx::PgConnection::connect(base.trim_end_matches(['?', '&'])).await.unwrap();
    let path = sqlx::AssertSqlSafe(format!("SET search_path TO {schema}"));
    sqlx::query(path).execute(&mut connection).await.unwrap();
    connection
}

#[cfg(feature = "postgres")]
async fn number_on_server(address: &str, sql: &'static str) -> i64 {
    let row = sqlx::query(sql).fetch_one(&mut connection(address).await).await.unwrap();
    // Lengths are small numbers there.
    sqlx::Row::try_get(&row, 0).or_else(|_| sqlx::Row::try_get::<i32, _>(&row, 0).map(i64::from)).unwrap()
}

pub(crate) fn trace(number: u64) -> TraceId {
    let mut id = [0; 16];
    // The prefix tells traces apart in the index.
    id[..8].copy_from_slice(&(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).to_be_bytes());
    id[8..].copy_from_slice(&(number + 1).to_be_bytes());
    TraceId(id)
}

/// What is in these tests' blocks: trace ids, 16 bytes each, then noise that does not compress.
pub(crate) fn block(number: u64, traces: u64, noise: usize, received_ns: u64) -> Block {
    let ids: Vec<TraceId> = (0..traces).map(|index| trace(number * 100 + index)).collect();
    let mut content = traces.to_be_bytes().to_vec();
    content.extend(ids.iter().flat_map(|id| id.0));
    let mut state = number + 1;
    content.extend((0..noise).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    }));
    Block::compress(&content, 1, ids, received_ns).unwrap()
}

/// Reads such a block.
pub(crate) fn traces_in(content: &[u8]) -> Option<Vec<TraceId>> {
    let (count, rest) = content.split_at_checked(8)?;
    let count = usize::try_from(u64::from_be_bytes(count.try_into().ok()?)).ok()?;
    let ids = rest.get(..count.checked_mul(16)?)?;
    Some(ids.chunks_exact(16).filter_map(TraceId::from_wire).collect())
}

pub(crate) fn call(number: u64, route: &str, start_ns: u64) -> Call {
    Call {
        handler: Arc::new(Handler {
            service: SERVICE.into(),
            environment: None,
            kind: HandlerKind::RouteHandler,
            route: route.into(),
            method: "GET".into(),
            action: None,
            operation: None,
        }),
        trace: trace(number),
        span: SpanId((number + 1).to_be_bytes()),
        start_ns,
        duration_ns: 1_500_000,
        method: "GET".into(),
        status: Some(200),
        form: Form::Plain,
        caller: Caller::OwnUi,
        agent: Some("Chrome".into()),
        client: None,
        instance: None,
        path: Some(format!("{route}/{number}")),
        page: None,
        request_bytes: None,
        response_bytes: Some(17),
        request_key: None,
        response_hash: None,
        media_type: Some("application/json".into()),
        signature: None,
        origin: None,
        first_byte_ns: None,
        self_fetches: 0,
        self_fetch_overhead_ns: 0,
        database_ns: None,
        outgoing_ns: None,
        child_ns: None,
        sampling: Sampling::Undeclared,
        requests_seen: None,
        writes: None,
        body_ns: None,
        network: None,
        unknown_action: None,
        use_cache_hits: None,
        use_cache_misses: None,
        use_cache_fills: None,
        signs: Signs::NONE,
    }
}

pub(crate) fn of_trace(call: Call) -> TraceCalls {
    TraceCalls { trace: call.trace, before: Vec::new(), calls: vec![call], unchanged: Vec::new() }
}

/// Stores Calls and rolls every hour up to a payload of its own.
pub(crate) async fn add_calls(store: &Store, calls: Vec<Call>, extracted_to: BlockId) {
    let traces: Vec<TraceCalls> = calls.into_iter().map(of_trace).collect();
    store.commit_calls(&traces, &[], extracted_to).await.unwrap();
}

/// Puts a Rollup of so many bytes for each handler with Calls into every dirty hour.
pub(crate) async fn roll_up(store: &Store, payload: usize) {
    for dirty in store.dirty_hours().await.unwrap() {
        let (from, to) = (dirty.hour.start_ns(), dirty.hour.end_ns());
        let calls = store.calls(&dirty.service, from, to).await.unwrap();
        let mut handlers: Vec<_> = calls.iter().map(|call| call.handler.fingerprint()).collect();
        handlers.sort_unstable();
        handlers.dedup();
        let rollup = |handler: pointsman_store::Fingerprint| RollupRecord {
            handler,
            hour: dirty.hour,
            payload: (0..payload).map(|index| (handler.0 as usize + index) as u8 | 1).collect(),
        };
        let rollups: Vec<_> = handlers.into_iter().map(rollup).collect();
        store.replace_rollups(&dirty, &rollups).await.unwrap();
    }
}

pub(crate) async fn pool(db: &Path) -> sqlx::SqlitePool {
    sqlx::SqlitePool::connect(&format!("sqlite://{}", db.display())).await.unwrap()
}

/// Every row of a statement as one line of text.
pub(crate) async fn lines(db: &Path, sql: &'static str) -> Vec<String> {
    let pool = pool(db).await;
    let lines = sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap();
    pool.close().await;
    lines
}

pub(crate) async fn number(db: &Path, sql: &'static str) -> i64 {
    let pool = pool(db).await;
    let number = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
    pool.close().await;
    number
}

/// A verdict that stands, with something in every field.
pub(crate) fn standing(number: u64) -> StandingRecord {
    StandingRecord {
        handler: Fingerprint(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        verdict: "move_to_server_action".into(),
        since_ns: NOW - 3 * DAY,
        seen_ns: NOW,
        provisional: number.is_multiple_of(2),
        flips: 3,
        candidate: number.is_multiple_of(3).then(|| ("keep".into(), 1)),
    }
}

/// A recommendation that has been through something.
pub(crate) fn recommendation(number: u64) -> RecommendationRecord {
    let change = |place: u32, before: Option<&str>, after: &str| TransitionRecord {
        number: place,
        at_ns: NOW - DAY + u64::from(place),
        before: before.map(str::to_owned),
        after: after.into(),
        who: "user".into(),
        reason: format!("reason {number}"),
    };
    RecommendationRecord {
        handler: standing(number).handler,
        verdict: "move_to_server_action".into(),
        state: "snoozed".into(),
        until_ns: Some(NOW + DAY),
        proposed_ns: NOW - 3 * DAY,
        promise: format!("{{\"calls_per_day\":{number}}}"),
        applied_ns: number.is_multiple_of(2).then_some(NOW),
        successor: number.is_multiple_of(2).then_some(Fingerprint(u64::MAX)),
        proof: None,
        change: number.is_multiple_of(2).then_some(number + 1),
        transitions: vec![change(0, None, "proposed"), change(1, Some("proposed"), "snoozed")],
    }
}

/// What was said of a Change.
pub(crate) fn change(number: u64) -> ChangeRecord {
    ChangeRecord { id: number + 1, outline: format!("{{\"title\":\"fetch {number} in parallel\"}}") }
}

/// Remembers so many verdicts, recommendations and Changes, as a run does.
pub(crate) async fn remember_advice(store: &Store, number: u64) {
    let standing: Vec<_> = (0..number).map(standing).collect();
    let recommendations: Vec<_> = (0..number).map(recommendation).collect();
    let changes: Vec<_> = (0..number).map(change).collect();
    let change = AdviceChange {
        revision: store.advice(SERVICE, Some("production")).await.unwrap().revision,
        run: Some(AdviceRun { at_ns: NOW, handlers: number, forget_before_ns: NOW - 35 * DAY }),
        standing: &standing,
        recommendations: &recommendations,
        changes: &changes,
    };
    assert!(store.remember_advice(SERVICE, Some("production"), change).await.unwrap());
}

/// Publishes so many reports, which are longer than a page, each with two deliveries.
pub(crate) async fn publish(store: &Store, number: u64) {
    for number in 0..number {
        let key = ReportKey { service: SERVICE.into(), environment: None, at_ns: NOW + number };
        let mut state = number + 1;
        let noise = (0..20_000).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        });
        let payload = noise.collect();
        let report = KeptReport { key, made_ns: NOW, reason: "schedule".into(), payload };
        assert!(store.keep_report(&report, &["team".into(), "chat".into()], 400).await.unwrap());
    }
}
