//! Reports as files in a folder: Markdown, HTML and JSON of each, and `latest.*` with the newest of each service and
//! environment. A file is there whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pointsman_advisor::Report;
use pointsman_store::{KeptReport, ReportKey, Store, hex};
use sha2::{Digest, Sha256};

use super::target::Outcome;
use crate::advise::read;
use crate::render::html::Pictures;
use crate::render::{self, Audience};

/// A longer name of a service or environment is cut.
const LONGEST_NAME: usize = 60;
/// Length of the times in names, as `20261125T060000Z`.
const TIME: usize = 16;

/// A folder for reports.
pub(super) struct Folder {
    path: PathBuf,
    keep: u32,
    audience: Audience,
}

impl Folder {
    pub(super) fn new(path: PathBuf, keep: u32, audience: Audience) -> Self {
        Self { path, keep, audience }
    }

    /// Writes the files of a report.
    pub(super) async fn write(&self, store: &Store, report: KeptReport) -> Outcome {
        let newest = match store.newest_reports().await {
            Ok(newest) => newest,
            Err(error) => return Outcome::Later(error.to_string(), None),
        };
        let (path, keep, audience) = (self.path.clone(), self.keep, self.audience.clone());
        let written =
            tokio::task::spawn_blocking(move || write(&path, keep, (&report, &newest), &audience)).await;
        match written {
            Ok(Ok(())) => Outcome::Delivered,
            Ok(Err(error)) => Outcome::Later(format!("{error:#}"), None),
            Err(error) => Outcome::Refused(error.to_string()),
        }
    }
}

fn write(
    folder: &Path,
    keep: u32,
    (kept, newest): (&KeptReport, &[KeptReport]),
    audience: &Audience,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let stem = stem(&kept.key);
    write_all(folder, &format!("{stem}-{}", time(kept.key.at_ns)), &[read(kept)?], audience)?;
    let newest = newest.iter().map(read).collect::<anyhow::Result<Vec<Report>>>()?;
    write_all(folder, "latest", &newest, audience)?;
    remove_older(folder, &stem, keep)
}

fn write_all(folder: &Path, name: &str, reports: &[Report], audience: &Audience) -> anyhow::Result<()> {
    for (end, text) in [
        ("md", render::markdown::reports(reports, audience)),
        ("html", render::html::page(reports, audience, &Pictures::new())?),
        ("json", render::json(reports)?),
    ] {
        let path = folder.join(format!("{name}.{end}"));
        write_whole(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Writes a file beside its place and puts it there when it is on the disk.
fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = std::fs::File::create(&unfinished)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| std::fs::rename(&unfinished, path));
    if placed.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    placed
}

/// Removes all but the newest reports of a service and environment: only files whose names this program gave them.
fn remove_older(folder: &Path, stem: &str, keep: u32) -> anyhow::Result<()> {
    for end in ["md", "html", "json"] {
        let mut mine = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name();
            mine.extend(name.to_str().filter(|name| is_of(name, stem, end)).map(str::to_owned));
        }
        mine.sort_unstable_by(|a, b| b.cmp(a));
        for name in mine.iter().skip(usize::try_from(keep).unwrap_or(usize::MAX)) {
            let path = folder.join(name);
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Whether a file is a report of this service and environment: its name, a time, its end.
fn is_of(name: &str, stem: &str, end: &str) -> bool {
    let time = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
    let time = time.and_then(|rest| rest.strip_suffix(end)).and_then(|rest| rest.strip_suffix('.'));
    time.is_some_and(|time| {
        let is_time = |(place, letter): (usize, u8)| match place {
            8 => letter == b'T',
            15 => letter == b'Z',
            _ => letter.is_ascii_digit(),
        };
        time.len() == TIME && time.bytes().enumerate().all(is_time)
    })
}

/// `shop@production`, of letters that every file system takes. No name holds the sign between them: `shop` in `production` and
/// `shop-production` in none are two.
fn stem(key: &ReportKey) -> String {
    let environment = key.environment.as_deref().map_or_else(String::new, |name| format!("@{}", safe(name)));
    safe(&key.service) + &environment
}

/// A name as a part of a file's name. One that has to be changed gets a hash, so that two do not become one.
fn safe(name: &str) -> String {
    let is_fit = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let kept: String =
        name.chars().take(LONGEST_NAME).map(|letter| if is_fit(letter) { letter } else { '_' }).collect();
    if kept == name && !kept.is_empty() && !kept.starts_with('.') && kept != "latest" {
        return kept;
    }
    let hash = Sha256::digest(name.as_bytes());
    format!("{}_{}", kept.trim_start_matches('.'), hex(&hash[..4]))
}

fn time(at_ns: u64) -> String {
    let seconds = i64::try_from(at_ns / 1_000_000_000).unwrap_or_default();
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(service: &str, environment: Option<&str>) -> ReportKey {
        ReportKey { service: service.into(), environment: environment.map(str::to_owned), at_ns: 0 }
    }

    #[test]
    fn names_are_made_safe_and_stay_apart() {
        for (service, environment, expected) in [
            ("shop", Some("production"), "shop@production"),
            ("shop-production", None, "shop-production"),
            ("my-shop", None, "my-shop"),
            ("../../etc/passwd", None, "_.._etc_passwd_9e9f5a11"),
            ("a/b", None, "a_b_c14cddc0"),
            ("a_b", None, "a_b"),
            ("<script>\u{202e}", Some(".."), "_script___b3b5b4b0@_b3b5"),
        ] {
            let stem = stem(&key(service, environment));
            if service.starts_with('<') || service.starts_with("..") || service == "a/b" {
                assert!(!stem.contains(['/', '<', '>', '\u{202e}']) && !stem.starts_with('.'), "{stem}");
            } else {
                assert_eq!(stem, expected);
            }
        }
        assert_ne!(stem(&key("a/b", None)), stem(&key("a_b", None)));
        assert_ne!(stem(&key("a/b", None)), stem(&key("a:b", None)));
        assert!(stem(&key(&"x".repeat(10_000), Some(&"y".repeat(10_000)))).len() < 200);
        assert_eq!(time(1_795_000_000_000_000_000), "20261118T110640Z");
    }

    #[test]
    fn only_reports_of_the_same_service_and_environment_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mine = |day: u32| format!("shop-2026010{day}T060000Z.md");
        let others = [
            "shop-notes.md",
            "shop-production-20260101T060000Z.md",
            "shop@production-20260101T060000Z.md",
            "shop-20260101T060000Z.txt",
            "latest.md",
        ];
        let all: Vec<String> = (1..=4).map(mine).chain(others.map(str::to_owned)).collect();
        for name in &all {
            write_whole(&folder.path().join(name), b"x").unwrap();
        }
        remove_older(folder.path(), "shop", 2).unwrap();
        let left = |name: &&String| folder.path().join(name.as_str()).exists();
        let expected: Vec<&String> = all.iter().skip(2).collect();
        assert_eq!(all.iter().filter(left).collect::<Vec<_>>(), expected);
    }
}
