//! What a run costs grows with what is new, and not with the square of what others choose: counted in reads, not in time.

#![allow(clippy::unwrap_used, reason = "a test says what it expects in the shortest way")]

use std::sync::Arc;

use pointsman_store::{BlockId, Call, Handler, Hour, Store};
use sqlx::{Connection, SqliteConnection};

use super::{Advisor, Keeping, LeftOut, roll_up_dirty_hours};
use crate::cli::{USUAL_WINDOW, Until, View};
use crate::config::Config;

#[path = "../../../store/tests/support/mod.rs"]
mod store_support;
use store_support::{NOW, add_calls, call};

fn of(number: u64, service: &str, environment: Option<String>, start_ns: u64) -> Call {
    let call = call(number, "/api/cart", start_ns);
    let handler = Handler { service: service.to_owned(), environment, ..(*call.handler).clone() };
    Call { handler: Arc::new(handler), ..call }
}

fn view(service: Option<&str>) -> View {
    View { window: USUAL_WINDOW, until: Until::Last, service: service.map(str::to_owned) }
}

/// Reports of a service in so many environments: how many, what was left out, and how often Rollups were read.
async fn judged(environments: u64) -> (usize, LeftOut, u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("pointsman.db")).await.unwrap();
    let calls = (0..environments).map(|at| of(at, "shop", Some(format!("preview-{at}")), NOW + at));
    add_calls(&store, calls.collect(), BlockId(1)).await;
    let config = Config::default();
    let advisor = Advisor::new(&store, &config);
    let outlooks = advisor.outlooks(&view(None), Keeping::RunsAndFirstLook).await.unwrap();
    (outlooks.len(), advisor.left_out(), advisor.reads())
}

#[tokio::test]
async fn many_environments_cost_no_more_reads_than_one() {
    let (_, _, reads_of_one) = judged(1).await;
    assert_eq!(judged(40).await, (40, LeftOut::default(), reads_of_one));
}

#[tokio::test]
async fn environments_beyond_the_limit_are_counted_and_those_called_last_are_judged() {
    let (reports, left_out, reads) = judged(210).await;
    assert_eq!((reports, left_out, reads <= 3), (200, LeftOut { apps: 10, ..LeftOut::default() }, true));
}

#[tokio::test]
async fn an_hour_that_cannot_be_counted_costs_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pointsman.db");
    let store = Store::open(&path).await.unwrap();
    let calls = vec![
        of(1, "bad", None, NOW),
        of(2, "bad", None, NOW + 3 * Hour::NANOS),
        of(3, "shop", None, NOW + 3 * Hour::NANOS),
    ];
    add_calls(&store, calls, BlockId(1)).await;
    let mut damage = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let sql = format!("UPDATE calls SET trace = x'01' WHERE start_ns = {NOW}");
    assert_eq!(sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut damage).await.unwrap().rows_affected(), 1);
    let config = Config::default();
    let rolled = roll_up_dirty_hours(&store, &config.advice, Some(10), &mut |_, _| {}).await.unwrap();
    assert_eq!((rolled.hours_failed, rolled.hours_waiting), (1, 0));
    let left: Vec<(String, Hour)> =
        store.dirty_hours().await.unwrap().into_iter().map(|dirty| (dirty.service, dirty.hour)).collect();
    assert_eq!(left, [("bad".to_owned(), Hour::of(NOW))]);
    let advisor = Advisor::new(&store, &config);
    let reports = advisor.reports(&view(None), Keeping::Runs).await.unwrap();
    assert_eq!(reports.len(), 2);
}

#[tokio::test]
async fn more_hours_than_a_run_may_count_wait_for_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("pointsman.db")).await.unwrap();
    let old = (0..8).map(|at| of(at, "history", None, NOW - at * 24 * Hour::NANOS));
    let calls = old.chain([of(9, "shop", None, NOW - 100 * 24 * Hour::NANOS)]).collect();
    add_calls(&store, calls, BlockId(1)).await;
    let settings = Config::default().advice;
    let rolled = roll_up_dirty_hours(&store, &settings, Some(2), &mut |_, _| {}).await.unwrap();
    assert_eq!(rolled.hours_waiting, 7, "{rolled:?}");
    let services: Vec<String> =
        store.dirty_hours().await.unwrap().into_iter().map(|dirty| dirty.service).collect();
    assert!(services.iter().all(|service| service == "history"), "{services:?}");
    while roll_up_dirty_hours(&store, &settings, Some(2), &mut |_, _| {}).await.unwrap().hours_waiting > 0 {}
    assert_eq!(store.dirty_hours().await.unwrap(), []);
}
