//! The recording of the example app as if it had just happened: a daemon looks at the last week, and the recording grows
//! older.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{command, recorded};

const TIME: &str = "UnixNano\":\"";

/// Reads it into a database, with its end a minute ago.
pub(crate) fn storefront(db: &Path) {
    let mut replay =
        command(db).args(["replay", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = replay.stdin.take().unwrap();
    for line in storefront_lines() {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    assert!(replay.wait().unwrap().success());
}

/// Its requests, with its end a minute ago.
pub(crate) fn storefront_lines() -> impl Iterator<Item = String> {
    let lines = recorded("storefront");
    let newest = lines.iter().flat_map(|line| times(line)).max().unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let later = now - 60_000_000_000 - newest;
    lines.into_iter().map(move |line| shifted(&line, later))
}

fn times(line: &str) -> impl Iterator<Item = u64> + '_ {
    line.split(TIME).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok())
}

fn shifted(line: &str, by: u64) -> String {
    let mut parts = line.split(TIME);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (time, rest) = part.split_once('"').unwrap();
        let time: u64 = time.parse().unwrap();
        // Events without a time stay without one.
        text += &format!("{TIME}{}\"{rest}", if time == 0 { 0 } else { time + by });
    }
    text
}
