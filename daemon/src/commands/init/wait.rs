//! Waiting for the first request after init: what a daemon has put into the database since. What is said of it is `doctor`'s
//! wording.

use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pointsman_store::{Location, Store};

use crate::advise::Advisor;
use crate::cli::{USUAL_WINDOW, Until, View};
use crate::commands::{exists, print};
use crate::config::{self, Config};
use crate::render;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(500);
/// The first request is rarely alone: so long after it the rest has come as well.
const REST: Duration = Duration::from_secs(3);

/// Waits until calls come that were not there, and prints what telemetry they carry.
pub(super) async fn wait(
    db: &Location,
    config: &Config,
    within: Duration,
    since_ns: u64,
) -> anyhow::Result<ExitCode> {
    let begin = Instant::now();
    if let Some(address) = unheard(config) {
        eprintln!(
            "pointsman: nothing listens on {address} yet: start `pointsman serve --db {}` in another terminal, then the app",
            db
        );
    }
    eprintln!("pointsman: waiting for the first request, up to {} s ...", within.as_secs());
    while begin.elapsed() < within {
        if exists(db) && has_new_calls(db, since_ns).await? {
            tokio::time::sleep(REST).await;
            return tell(db, config).await;
        }
        tokio::time::sleep(EVERY).await;
    }
    let silence = if let Some(address) = unheard(config) {
        format!("nothing listens on {address}: start `pointsman serve`")
    } else if exists(db) {
        "the daemon runs and nothing came: the app's log says on a line of @pointsman/nextjs where it sends; without such a line \
         the instrumentation file was not loaded (build the app again)"
            .to_owned()
    } else {
        format!("there is no database {}: name the daemon's with --db", db)
    };
    eprintln!("pointsman: no request arrived within {} s; {silence}", within.as_secs());
    Ok(ExitCode::FAILURE)
}

/// The receiver's address, when nobody listens there.
fn unheard(config: &Config) -> Option<SocketAddr> {
    let address = config::address(&config.serve.otlp_http).ok().flatten()?;
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err().then_some(address)
}

async fn has_new_calls(db: &Location, since_ns: u64) -> anyhow::Result<bool> {
    let store = Store::open(db).await?;
    let mut newest = None;
    for service in store.services().await? {
        newest = newest.max(store.newest_call(&service).await?);
    }
    store.close().await;
    Ok(newest.is_some_and(|newest| newest >= since_ns))
}

async fn tell(db: &Location, config: &Config) -> anyhow::Result<ExitCode> {
    let store = Store::open(db).await?;
    let view = View { window: USUAL_WINDOW, until: Until::Now, service: None };
    let checkups = Advisor::new(&store, config).checkups(&view).await;
    store.close().await;
    print(&render::checkup::text(&checkups?, &[]))?;
    Ok(ExitCode::SUCCESS)
}
