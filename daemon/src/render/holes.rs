//! What `doctor` and the pages say of versions of Next.js and React that have known security holes. Which versions these are
//! is in `pointsman_advisor::advisories`.

use pointsman_advisor::advisories::{Advisory, ReleasedVersion, Software, holes_of, nearest_sound};
use pointsman_store::AppFact;

use super::checkup::{Lines, Remedy};

/// Versions that were last seen at most this long before the newest telemetry still run, ns: one hour, so that both versions
/// of a rolling deployment are named.
const STILL_RUNNING_NS: u64 = 3_600_000_000_000;

/// One remedy for each running version that has holes.
pub(super) fn remedies(facts: &[AppFact]) -> Vec<Remedy> {
    let next = running(facts, "pointsman.next.version");
    let of_next = next.iter().filter_map(|version| remedy(Software::Next, "Next.js", *version));
    let mut remedies: Vec<Remedy> = of_next.collect();
    // Next.js brings its own copy of react-server-dom-*: where it has no hole, the version of `react` says nothing.
    if next.is_empty() || !remedies.is_empty() {
        let react = running(facts, "pointsman.react.version");
        remedies.extend(react.iter().filter_map(|version| remedy(Software::React, "React", *version)));
    }
    remedies
}

/// The versions under which the app ran last.
fn running(facts: &[AppFact], name: &str) -> Vec<ReleasedVersion> {
    let told = || facts.iter().filter(|fact| fact.name == name);
    let newest = told().map(|fact| fact.last_seen_ns).max().unwrap_or_default();
    let recent = told().filter(|fact| fact.last_seen_ns.saturating_add(STILL_RUNNING_NS) >= newest);
    let mut versions: Vec<_> = recent.filter_map(|fact| ReleasedVersion::parse(&fact.value)).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn remedy(software: Software, name: &str, version: ReleasedVersion) -> Option<Remedy> {
    let holes: Vec<&Advisory> = holes_of(software, version).collect();
    if holes.is_empty() {
        return None;
    }
    let hole = |one: &&Advisory| format!("{}: {} ({})", one.ids.join(", "), one.harm, one.source);
    let listed: Vec<String> = holes.iter().map(hole).collect();
    let text = format!("{name} {version} has known security holes. {}.", listed.join("; "));
    // Telemetry does not say which package manager the app has, so none is named.
    let packages = |sound| match software {
        Software::Next => format!("\"next\": \"{sound}\""),
        Software::React => format!("\"react\": \"{sound}\",\n\"react-dom\": \"{sound}\""),
    };
    let place = "in the app's package.json, then install, build and deploy";
    let code = nearest_sound(software, version)
        .map(|sound| Lines { place: place.to_owned(), lines: packages(sound) });
    Some(Remedy { text, code: code.into_iter().collect() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn fact(name: &str, value: &str, last_seen_ns: u64) -> AppFact {
        AppFact {
            service: "shop".to_owned(),
            environment: None,
            build: None,
            name: name.to_owned(),
            value: value.to_owned(),
            first_seen_ns: 0,
            last_seen_ns,
        }
    }

    fn next(version: &str, last_seen_ns: u64) -> AppFact {
        fact("pointsman.next.version", version, last_seen_ns)
    }

    const DAY: u64 = 24 * STILL_RUNNING_NS;

    #[test]
    fn a_running_version_with_holes_is_named_with_its_holes_and_the_version_without() {
        let told = remedies(&[next("15.4.7", DAY)]);
        assert_eq!(told.len(), 1);
        let remedy = told.first().unwrap();
        assert!(
            remedy.text.contains("Next.js 15.4.7") && remedy.text.contains("CVE-2025-66478"),
            "{remedy:?}"
        );
        assert!(remedy.text.contains("GHSA-9qr9-h5gf-34mp"), "{remedy:?}");
        assert_eq!(remedy.code.first().unwrap().lines, r#""next": "15.5.28""#);
    }

    #[test]
    fn versions_without_holes_or_of_yesterday_are_not_named() {
        assert!(remedies(&[next("16.4.6", DAY)]).is_empty());
        assert!(remedies(&[next("15.4.7", 0), next("16.4.6", DAY)]).is_empty());
        assert_eq!(remedies(&[next("15.4.7", DAY), next("16.4.6", DAY)]).len(), 1, "a rolling deployment");
        assert!(remedies(&[]).is_empty());
    }

    #[test]
    fn react_matters_only_where_next_may_have_the_hole() {
        let react = || fact("pointsman.react.version", "19.2.0", DAY);
        assert!(remedies(&[next("16.4.6", DAY), react()]).is_empty());
        assert_eq!(remedies(&[next("16.0.1", DAY), react()]).len(), 2);
        assert_eq!(remedies(&[react()]).len(), 1);
    }
}
