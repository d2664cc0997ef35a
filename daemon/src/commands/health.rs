//! `pointsman health`: asks the running daemon over plain HTTP. For images without a shell or an HTTP client; whoever has
//! one asks /healthz and /readyz.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use super::print;
use crate::cli::HealthOptions;
use crate::config::{self, Config};

/// How long connecting, asking and each part of the answer may take: both endpoints answer from memory.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most of an answer that is read, bytes; both are a line.
const MOST_ANSWER: u64 = 4096;
/// Most of the metrics that is read, bytes: some two hundred handlers have theirs.
const MOST_METRICS: u64 = 8 << 20;

/// Prints what the daemon says; fails when it is not well or does not answer.
pub(crate) fn run(options: HealthOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let listen = options.listen.unwrap_or_else(|| config.serve.listen.clone());
    let path = if options.ready { "/readyz" } else { "/healthz" };
    let address = config::address(&listen).map_err(|fault| anyhow::anyhow!("--listen {listen}: {fault}"))?;
    let address =
        address.context("--listen off: the daemon serves no pages, so nothing answers for its health")?;
    let address = reachable(address);
    let answer =
        ask(address, path, MOST_ANSWER).with_context(|| format!("http://{address}{path} does not answer"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    let body = crate::render::safe::terminal(body.trim_end());
    anyhow::ensure!(status == "200", "http://{address}{path} says {status}: {body}");
    print(&format!("{body}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The metrics of the daemon that listens here.
pub(super) fn metrics(listen: SocketAddr) -> std::io::Result<String> {
    let answer = ask(reachable(listen), "/metrics", MOST_METRICS)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        Ok(body.to_owned())
    } else {
        Err(std::io::ErrorKind::PermissionDenied.into())
    }
}

/// A daemon that listens on all addresses is asked on this machine's own.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn ask(address: SocketAddr, path: &str, most: u64) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one piece: whoever answers early must not find the rest on a closed connection.
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(most).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
