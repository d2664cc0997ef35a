//! The embedded backend's files: which are refused, and what becomes of older ones. What every backend promises: `contract`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use pointsman_store::{Store, StoreError, TraceId};

use support::{NOW, SERVICE, publish, world};

#[tokio::test]
async fn files_that_cannot_be_used_say_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let says = async |path: &std::path::Path| Store::open(path).await.unwrap_err().to_string();

    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "x".repeat(5000)).unwrap();
    assert!(says(&text).await.contains("not a database"), "{}", says(&text).await);

    let missing = folder.path().join("no/such/folder/pointsman.db");
    assert!(says(&missing).await.contains("check that the folder exists"), "{}", says(&missing).await);

    let newer = folder.path().join("newer.db");
    let store = Store::open(&newer).await.unwrap();
    store.close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", newer.display())).await.unwrap();
    let step = "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, \
                execution_time FROM _sqlx_migrations LIMIT 1";
    sqlx::query(step).execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(Store::open(&newer).await, Err(StoreError::Newer { step: 9999, .. })));

    let foreign = folder.path().join("foreign.db");
    let url = format!("sqlite://{}?mode=rwc", foreign.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE theirs (id INTEGER)").execute(&pool).await.unwrap();
    pool.close().await;
    assert!(matches!(Store::open(&foreign).await, Err(StoreError::NotOurs { .. })));
}

/// The schema as it was before Calls lay in the order of their handlers and the index was written in runs.
async fn of_an_older_version(path: &std::path::Path) {
    let folder = tempfile::tempdir().unwrap();
    let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sqlite");
    for file in std::fs::read_dir(migrations).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        if name.as_str() < "0004" {
            std::fs::copy(file.path(), folder.path().join(name)).unwrap();
        }
    }
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::migrate::Migrator::new(folder.path()).await.unwrap().run(&pool).await.unwrap();
    for statement in [
        "PRAGMA application_id = 1347310675",
        "INSERT INTO handlers VALUES (7, 'shop', NULL, 'route_handler', '/api/a', 'GET', NULL, NULL, NULL)",
        "INSERT INTO blocks VALUES (3, 1, 1, 0, x'0101010101010101', x'28b52ffd2000010000')",
        "INSERT INTO block_traces VALUES (0x0101010101010101, 3)",
        "INSERT INTO calls (handler, start_ns, trace, span, duration_ns, method, form, caller, self_fetches, \
         self_fetch_overhead_ns, signs, status) VALUES (7, 5, x'01010101010101010101010101010101', \
         x'0202020202020202', 9, 'GET', 'plain', 'own_ui', 0, 0, 0, 200)",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    pool.close().await;
}

#[tokio::test]
async fn a_file_of_an_older_version_keeps_its_calls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    of_an_older_version(&path).await;
    let store = Store::open(&path).await.unwrap();
    let calls = store.calls("shop", 0, u64::MAX >> 1).await.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        (calls[0].trace, calls[0].status, calls[0].handler.route.as_str()),
        (TraceId([1; 16]), Some(200), "/api/a")
    );
    assert_eq!(store.volumes().await.unwrap().calls.rows, 1);
}

#[tokio::test]
async fn a_report_that_cannot_be_inflated_is_an_error_that_says_so() {
    let world = world().await;
    publish(&world.store, 1).await;
    let pool = support::pool(&world.db).await;
    sqlx::query("UPDATE published_reports SET payload = x'00'").execute(&pool).await.unwrap();
    pool.close().await;
    let error = world.store.report_before(SERVICE, None, NOW + 1).await.unwrap_err();
    assert!(matches!(error, StoreError::DamagedReport { .. }), "{error}");
    assert!(error.to_string().contains("`pointsman recover`"), "{error}");
}
