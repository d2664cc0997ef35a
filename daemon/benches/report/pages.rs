//! How long the server takes for each page, from the request to the last byte of the answer. Each request asks with another query, so
//! that each answer is drawn: what is kept until the next run is sent in less.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use crate::daemon::Daemon;

/// Requests for each page.
const TIMES: usize = 100;
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks a daemon on this file for each page, one request at a time.
pub(crate) fn measure(db: &Path) -> anyhow::Result<()> {
    let daemon = Daemon::start(db)?;
    let begin = Instant::now();
    while !get(&daemon, "/readyz")?.starts_with("HTTP/1.1 200") {
        ensure!(begin.elapsed() < PATIENCE, "no report within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("  an advisor run          {:>8.2} s", daemon.metrics()?.sum("pointsman_advisor_run_seconds"));
    println!("  memory                  {:>8.1} MiB", daemon.usage()?.rss_bytes as f64 / f64::from(1 << 20));
    let overview = get(&daemon, "/")?;
    let handler = link(&overview, "/handlers/")?;
    for (name, path) in [
        ("overview", "/".to_owned()),
        ("overview, searched", "/?q=api&sort=-p95".to_owned()),
        ("handler", handler.clone()),
        ("handler, 24 hours", format!("{handler}?window=24h")),
        ("handler, 30 days", format!("{handler}?window=30d")),
        ("record", "/record".to_owned()),
        ("reports", "/reports".to_owned()),
        ("telemetry", "/telemetry".to_owned()),
        ("rules", "/rules".to_owned()),
        ("rule", "/rules/cache-get".to_owned()),
        ("API: handlers", "/api/v1/handlers".to_owned()),
        ("API: latest report", "/api/v1/reports/latest".to_owned()),
    ] {
        let mut times = Vec::with_capacity(TIMES);
        let mut size = 0;
        for time in 0..TIMES {
            let mark = if path.contains('?') { '&' } else { '?' };
            let begin = Instant::now();
            let answer = get(&daemon, &format!("{path}{mark}time={time}"))?;
            times.push(begin.elapsed());
            ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            size = answer.len();
        }
        times.sort_unstable();
        let ms = |rank: usize| times[rank].as_secs_f64() * 1e3;
        println!(
            "  {name:<22}  {:>8.2} ms, 99th of 100 {:.2} ms, {:.0} KB",
            ms(TIMES / 2),
            ms(TIMES - 2),
            size as f64 / 1e3
        );
    }
    daemon.stop()
}

fn get(daemon: &Daemon, path: &str) -> anyhow::Result<String> {
    let mut connection = TcpStream::connect_timeout(&daemon.pages, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(connection, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", daemon.pages)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The first link of a page that begins like this.
fn link(page: &str, begin: &str) -> anyhow::Result<String> {
    let from = page.find(&format!("href=\"{begin}")).context("no link to a handler")? + "href=\"".len();
    Ok(page[from..].split('"').next().unwrap_or_default().to_owned())
}
