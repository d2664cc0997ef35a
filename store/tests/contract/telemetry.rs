//! Spans, Calls, facts and hours: what is written is read back, replaced once and never counted twice.

use std::sync::Arc;

use pointsman_store::{
    Action, AppFact, Block, BlockId, Call, Caller, ClientKey, Form, Handler, HandlerKind, Hour, RollupRecord,
    RollupRef, Sampling, Sign, Signs, SpanId, Store, StoreError, TraceCalls, TraceId,
};

use crate::worlds;

const NOON: u64 = 1_795_000_000 * 1_000_000_000 / Hour::NANOS * Hour::NANOS + Hour::NANOS / 2;

fn trace(number: u8) -> TraceId {
    let mut id = [number; 16];
    id[..8].fill(0);
    TraceId(id)
}

fn call(number: u8, start_ns: u64) -> Call {
    Call {
        handler: Arc::new(Handler {
            service: "storefront".into(),
            environment: Some("production".into()),
            kind: HandlerKind::ServerAction,
            route: "/product/[id]".into(),
            method: "POST".into(),
            action: Some(Action::Export { file: "app/actions.ts".into(), name: "addReview".into() }),
            operation: None,
        }),
        trace: trace(number),
        span: SpanId([number; 8]),
        start_ns,
        duration_ns: 1_500_000,
        method: "POST".into(),
        status: Some(200),
        form: Form::ActionFetch,
        caller: Caller::OwnUi,
        agent: Some("Chrome".into()),
        client: Some(ClientKey(u64::MAX)),
        instance: None,
        path: Some("/product/1".into()),
        page: Some("/product/1".into()),
        request_bytes: Some(0),
        response_bytes: None,
        request_key: Some(u64::MAX - 1),
        response_hash: None,
        media_type: Some("text/x-component".into()),
        signature: None,
        origin: None,
        first_byte_ns: None,
        self_fetches: 0,
        self_fetch_overhead_ns: 0,
        database_ns: None,
        outgoing_ns: None,
        child_ns: None,
        sampling: Sampling::Threshold(1 << 55),
        requests_seen: Some(7),
        writes: Some(3),
        body_ns: Some(0),
        network: Some(ClientKey(u64::MAX - 2)),
        unknown_action: Some("40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e".into()),
        use_cache_hits: Some(2),
        use_cache_misses: Some(0),
        use_cache_fills: None,
        signs: Signs::NONE | Sign::Cookie | Sign::ResponseHeadersCaptured,
    }
}

fn of_trace(call: Call) -> TraceCalls {
    TraceCalls { trace: call.trace, before: Vec::new(), calls: vec![call], unchanged: Vec::new() }
}

#[tokio::test]
async fn a_call_reads_back_as_it_was_written() {
    for world in worlds().await {
        let store = &world.store;
        let written = call(1, NOON);
        let other_page = Call {
            handler: Arc::new(Handler { route: "/".into(), ..(*written.handler).clone() }),
            ..call(2, NOON)
        };
        let traces = [of_trace(written.clone()), of_trace(other_page.clone())];
        store.commit_calls(&traces, &[], BlockId(3)).await.unwrap();
        assert_eq!(store.calls("storefront", 0, u64::MAX >> 1).await.unwrap(), [written, other_page]);
        assert_eq!(store.extracted_to().await.unwrap(), BlockId(3));
        assert_eq!(store.newest_call("storefront").await.unwrap(), Some(NOON));
        assert_eq!(store.services().await.unwrap(), ["storefront"]);
    }
}

#[tokio::test]
async fn a_late_span_replaces_the_calls_of_its_trace_and_dirties_both_hours() {
    for world in worlds().await {
        let store = &world.store;
        store.commit_calls(&[of_trace(call(1, NOON))], &[], BlockId(1)).await.unwrap();
        let known = call(1, NOON);
        let earlier = TraceCalls { before: vec![known], ..of_trace(call(1, NOON - Hour::NANOS)) };
        store.commit_calls(&[earlier], &[], BlockId(2)).await.unwrap();
        let hours: Vec<Hour> =
            store.dirty_hours().await.unwrap().into_iter().map(|dirty| dirty.hour).collect();
        assert_eq!(hours, [Hour(Hour::of(NOON).0 - 1), Hour::of(NOON)]);
        assert_eq!(store.calls("storefront", 0, u64::MAX >> 1).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_hour_that_changed_during_its_rollup_stays_dirty() {
    for world in worlds().await {
        let store = &world.store;
        store.commit_calls(&[of_trace(call(1, NOON))], &[], BlockId(1)).await.unwrap();
        let dirty = store.dirty_hours().await.unwrap().remove(0);
        store.commit_calls(&[of_trace(call(2, NOON))], &[], BlockId(2)).await.unwrap();
        let handler = call(1, NOON).handler.fingerprint();
        let rollup = RollupRecord { handler, hour: dirty.hour, payload: vec![1, 2, 3] };
        store.replace_rollups(&dirty, std::slice::from_ref(&rollup)).await.unwrap();
        let again = store.dirty_hours().await.unwrap();
        assert_eq!(again.len(), 1);
        store.replace_rollups(&again[0], std::slice::from_ref(&rollup)).await.unwrap();
        assert_eq!(store.dirty_hours().await.unwrap(), []);
        let mut kept = Vec::new();
        let keep = |found: RollupRef<'_>| -> Result<(), StoreError> {
            kept.push(RollupRecord {
                handler: found.handler,
                hour: found.hour,
                payload: found.payload.to_vec(),
            });
            Ok(())
        };
        store.for_each_rollup("storefront", Hour(0), Hour(u32::MAX), keep).await.unwrap();
        assert_eq!(kept, [rollup]);
    }
}

#[tokio::test]
async fn blocks_are_found_by_trace_and_after_a_reopening() {
    for world in worlds().await {
        let store = &world.store;
        let block =
            |traces: &[u8]| Block::compress(b"spans", 1, traces.iter().map(|n| trace(*n)), NOON).unwrap();
        let ids = store.append_blocks(&[block(&[1, 2]), block(&[2])]).await.unwrap();
        let of = async |store: &Store| {
            store.blocks_of(&[trace(2), trace(9)], BlockId(i64::MAX), usize::MAX).await.unwrap()
        };
        assert_eq!(of(store).await, [(trace(2), ids[0]), (trace(2), ids[1])]);
        assert_eq!(store.blocks_after(ids[0], 10, usize::MAX).await.unwrap().len(), 1);
        store.close().await;
        // Another process may know the same blocks by other ids.
        let store = world.another().await;
        let [(_, first), (_, second)] = of(&store).await.try_into().unwrap();
        assert!(first < second);
        assert_eq!(store.block(second).await.unwrap().as_deref(), Some(&b"spans"[..]));
        let read = store.blocks_after(BlockId(0), 10, usize::MAX).await.unwrap();
        assert_eq!(read.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [first, second]);
        assert_eq!(store.blocks_after(first, 10, usize::MAX).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn blocks_are_read_up_to_a_size_and_never_none() {
    for world in worlds().await {
        let store = &world.store;
        let block = |bytes: usize| Block::compress(&vec![7; bytes], 1, [trace(1)], NOON).unwrap();
        let ids =
            store.append_blocks(&[block(100_000), block(100), block(100), block(100_000)]).await.unwrap();
        let read = async |after: BlockId, bytes: usize| {
            let blocks = store.blocks_after(after, 3, bytes).await.unwrap();
            blocks.iter().map(|(_, otlp)| otlp.len()).collect::<Vec<_>>()
        };
        assert_eq!(read(BlockId(0), 1_000).await, [100_000], "however large the first one is");
        assert_eq!(read(BlockId(0), 100_150).await, [100_000, 100]);
        assert_eq!(read(ids[0], 1_000).await, [100, 100]);
        assert_eq!(read(ids[0], 1 << 20).await, [100, 100, 100_000]);
        assert_eq!(read(ids[3], 1 << 20).await, [0; 0]);
    }
}

/// A sender decides how long texts are and when something began: all of it at one moment, of one client.
#[tokio::test]
async fn an_hour_of_long_texts_is_read_in_pieces_and_whole() {
    for world in worlds().await {
        let store = &world.store;
        let long = |number: u64| Call {
            trace: TraceId((u128::from(number) + 1).to_be_bytes()),
            path: Some(format!("/{number}{}", "x".repeat(4_000))),
            client: Some(ClientKey(1)),
            ..call(1, NOON)
        };
        for thousand in 0..5 {
            let calls: Vec<TraceCalls> = (0..1_000).map(|at| of_trace(long(thousand * 1_000 + at))).collect();
            store.commit_calls(&calls, &[], BlockId(1)).await.unwrap();
        }
        let (pieces, mut taken) = tokio::sync::mpsc::channel::<Vec<Call>>(1);
        let take = async {
            let (mut paths, mut largest) = (std::collections::HashSet::new(), 0);
            while let Some(piece) = taken.recv().await {
                largest =
                    largest.max(piece.iter().filter_map(|call| call.path.as_ref()).map(String::len).sum());
                paths.extend(piece.into_iter().filter_map(|call| call.path));
            }
            (paths.len(), largest)
        };
        let read = store.calls_by_client("storefront", NOON - Hour::NANOS, NOON + Hour::NANOS, pieces);
        let (left_out, (paths, largest)) = tokio::join!(read, take);
        assert_eq!((left_out.unwrap(), paths), (0, 5_000));
        assert!(largest <= 8 << 20, "{largest} bytes of texts at once");
    }
}

/// Nobody is torn who makes as many calls as people do; whoever makes all of an hour's costs no more memory for that.
#[tokio::test]
async fn all_calls_of_one_client_are_read_in_pieces_of_bounded_size() {
    const CALLS: u64 = 45_000;
    for world in worlds().await {
        let store = &world.store;
        let step = Hour::NANOS / CALLS;
        for thousand in 0..CALLS / 1_000 {
            let calls = (0..1_000).map(|at| thousand * 1_000 + at).map(|number| Call {
                trace: TraceId((u128::from(number) + 1).to_be_bytes()),
                client: Some(ClientKey(1)),
                ..call(1, NOON + number * step)
            });
            store.commit_calls(&calls.map(of_trace).collect::<Vec<_>>(), &[], BlockId(1)).await.unwrap();
        }
        let (pieces, mut taken) = tokio::sync::mpsc::channel::<Vec<Call>>(1);
        let take = async {
            let (mut calls, mut largest) = (0, 0);
            while let Some(piece) = taken.recv().await {
                calls += piece.len();
                largest = largest.max(piece.len());
            }
            (calls as u64, largest)
        };
        let read = store.calls_by_client("storefront", NOON, NOON + Hour::NANOS, pieces);
        let (left_out, (calls, largest)) = tokio::join!(read, take);
        assert_eq!((left_out.unwrap(), calls), (0, CALLS));
        assert!(largest <= 20_000, "{largest} calls at once");
    }
}

#[tokio::test]
async fn facts_widen_whatever_the_order_of_arrival() {
    for world in worlds().await {
        let store = &world.store;
        let fact = |at| AppFact {
            service: "storefront".into(),
            environment: None,
            build: None,
            name: "pointsman.next.version".into(),
            value: "16.4.6".into(),
            first_seen_ns: at,
            last_seen_ns: at,
        };
        store.commit_calls(&[], &[fact(5), fact(3), fact(9)], BlockId(1)).await.unwrap();
        let facts = store.app_facts("storefront").await.unwrap();
        assert_eq!(facts, [AppFact { first_seen_ns: 3, last_seen_ns: 9, ..fact(0) }]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_write_at_once_wait_for_each_other() {
    for world in worlds().await {
        let store = &world.store;
        let (daemon, report) = (store.clone(), world.another().await);
        let ingest = tokio::spawn(async move {
            for number in 1..=200 {
                daemon
                    .commit_calls(&[of_trace(call(number, NOON))], &[], BlockId(number.into()))
                    .await
                    .unwrap();
            }
        });
        while !ingest.is_finished() {
            for dirty in report.dirty_hours().await.unwrap() {
                let rollup = RollupRecord {
                    handler: call(1, NOON).handler.fingerprint(),
                    hour: dirty.hour,
                    payload: vec![7],
                };
                report.replace_rollups(&dirty, &[rollup]).await.unwrap();
            }
        }
        ingest.await.unwrap();
    }
}
