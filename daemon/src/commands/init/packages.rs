//! Which packages an app needs, and where they come from.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::app::App;
use super::instrumentation::Entry;

/// The package itself.
pub(super) const PACKAGE: &str = "@pointsman/nextjs";
/// What its `register` takes besides: its peers, in the versions that it was tested with.
pub(super) const PEERS: [(&str, &str); 6] = [
    ("@opentelemetry/api", "1.9"),
    ("@opentelemetry/context-async-hooks", "2"),
    ("@opentelemetry/core", "2"),
    ("@opentelemetry/exporter-trace-otlp-proto", "0.223"),
    ("@opentelemetry/resources", "2"),
    ("@opentelemetry/sdk-trace-base", "2"),
];
/// Where a tarball is copied to, so that the app's own Dockerfile and everybody's clone have it.
pub(super) const VENDOR: &str = "vendor";

/// Where the package comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// The registry.
    Registry,
    /// A tarball, and its name.
    Tarball { from: PathBuf, name: String },
}

impl Origin {
    /// What `--package` names.
    pub(super) fn of(package: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = package else { return Ok(Self::Registry) };
        let remedy = "make one with `npm pack` in packages/nextjs of Pointsman's repository";
        let from = std::fs::canonicalize(path)
            .with_context(|| format!("there is no package {}; {remedy}", path.display()))?;
        let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ensure!(from.is_file() && name.ends_with(".tgz"), "{} is not a .tgz file; {remedy}", path.display());
        Ok(Self::Tarball { from, name })
    }
}

/// How the app's spans get to Pointsman: an SDK of OpenTelemetry that the app names itself in another version than the
/// package's peers have keeps its place, and is asked to bring them.
pub(super) fn entry(app: &App) -> Entry {
    let is_other = |(name, version): &(&str, &str)| {
        let own = app.dependency(name).map(|range| range.trim_start_matches(['^', '~', '>', '=', 'v', ' ']));
        let major = version.split('.').next().unwrap_or_default();
        let fits = |own: &str| match (major, *name) {
            // Any that belongs to version 2 of the SDK.
            ("0", _) => own
                .split('.')
                .nth(1)
                .and_then(|minor| minor.parse().ok())
                .is_none_or(|minor: u32| minor >= 200),
            _ => own.split('.').next() == Some(major) || !own.starts_with(|c: char| c.is_ascii_digit()),
        };
        own.is_some_and(|own| !fits(own))
    };
    if PEERS.iter().any(is_other) { Entry::Observe } else { Entry::Register }
}

/// Names and versions of what is missing, the package first.
pub(super) fn missing(app: &App, entry: Entry) -> Vec<String> {
    let peers = PEERS.iter().filter(|(name, _)| entry == Entry::Register || *name == PEERS[0].0);
    let peers = peers.filter(|(name, _)| app.dependency(name).is_none());
    let own = app.dependency(PACKAGE).is_none().then(|| PACKAGE.to_owned());
    own.into_iter().chain(peers.map(|(name, version)| format!("{name}@{version}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_are_those_that_the_package_asks_for() {
        let asked = include_str!("../../../../packages/nextjs/src/register.ts");
        let asked = asked.split_once("const PEERS = [").unwrap().1.split_once(']').unwrap().0;
        let asked: Vec<&str> = asked.split('\'').skip(1).step_by(2).collect();
        assert_eq!(asked, PEERS.map(|(name, version)| format!("{name}@{version}")));
    }
}
