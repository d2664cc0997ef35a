//! The life of a recommendation on the real binary: a shop's traffic over days, looked at, decided about, moved, compared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod decisions;
mod proof;
mod shop;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use pointsman_store::{AdviceRecords, Store};
use serde_json::Value;

use shop::{Cart, moment};
use support::{Run, handlers, pointsman, report};

const CART: &str = "/api/cart";
/// Days on which the cart is a route.
const BEFORE: u64 = 8;

/// A shop whose cart has been a route for eight days.
fn shop() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("shop.db");
    shop::open(&db, 0..BEFORE, Cart::Route);
    (folder, db)
}

/// The report of a morning.
fn report_of(db: &Path, day: u64) -> Value {
    report(db, &["--until", &moment(day, "06:10")])
}

/// The row of the cart's route.
fn cart(report: &Value) -> &Value {
    handlers(report).iter().find(|row| row["route"] == CART).unwrap_or_else(|| panic!("no cart in {report}"))
}

/// The life of the cart's move.
fn life(report: &Value) -> &Value {
    let lives = report["recommendations"].as_array().unwrap();
    lives.iter().find(|life| life["route"] == CART).unwrap_or_else(|| panic!("no life in {report}"))
}

fn decide(db: &Path, arguments: &[&str], day: u64) -> Run {
    let at = moment(day, "06:20");
    pointsman(db, arguments.iter().copied().chain(["--at", &at]))
}

/// What the database remembers.
fn remembered(db: &Path) -> AdviceRecords {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(db).await.unwrap();
        let records = store.advice("shop", Some("production")).await.unwrap();
        store.close().await;
        records
    })
}
