//! Known security holes of Next.js and React, by the versions that have them: one table, each row with its source. How they
//! are shown is not decided here, nor which version an app runs.
//!
//! Only holes that anyone who can reach the app may use are listed. The table was last compared with the advisories on
//! 2026-11-30; of holes published later it knows nothing.

use std::fmt;

/// A released version. Pre-releases compare as the release that they lead to, because a fix often enters them midway.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReleasedVersion {
    /// 16 of 16.4.6.
    pub major: u32,
    /// 4 of 16.4.6.
    pub minor: u32,
    /// 6 of 16.4.6.
    pub patch: u32,
}

/// Software that advisories speak of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Software {
    /// The npm package `next`.
    Next,
    /// The npm packages `react` and `react-server-dom-*`, which are released together.
    React,
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Advisory {
    /// Its names: one hole, or several that were closed together.
    pub ids: &'static [&'static str],
    /// Whose versions are listed.
    pub software: Software,
    /// What somebody can do who uses it.
    pub harm: &'static str,
    /// The first version that has it.
    pub since: ReleasedVersion,
    /// The first version of each release line that no longer has it, oldest line first. A line of the same major that is
    /// newer than all of these never had it; one between or before them was never patched.
    pub fixed: &'static [ReleasedVersion],
    /// Where this is published.
    pub source: &'static str,
}

const fn v(major: u32, minor: u32, patch: u32) -> ReleasedVersion {
    ReleasedVersion { major, minor, patch }
}

/// The table.
pub static ADVISORIES: &[Advisory] = &[
    Advisory {
        ids: &["CVE-2025-55182", "CVE-2025-66478"],
        software: Software::Next,
        harm: "anyone can run code on the server with one request",
        since: v(15, 0, 0),
        fixed: &[v(15, 0, 5), v(15, 1, 9), v(15, 2, 6), v(15, 3, 6), v(15, 4, 8), v(15, 5, 7), v(16, 0, 7)],
        source: "https://github.com/vercel/next.js/security/advisories/GHSA-9qr9-h5gf-34mp",
    },
    Advisory {
        // The first fix of CVE-2025-55184 was incomplete; these are the versions with the complete one.
        ids: &["CVE-2025-55183", "CVE-2025-55184", "CVE-2025-67779"],
        software: Software::Next,
        harm: "one request can hang the server, or read the source of Server Actions",
        since: v(13, 3, 0),
        fixed: &[
            v(14, 2, 35),
            v(15, 0, 7),
            v(15, 1, 11),
            v(15, 2, 8),
            v(15, 3, 8),
            v(15, 4, 10),
            v(15, 5, 9),
            v(16, 0, 10),
        ],
        source: "https://github.com/vercel/next.js/security/advisories/GHSA-5j59-xgg2-r9c4",
    },
    Advisory {
        ids: &["CVE-2026-23864"],
        software: Software::Next,
        harm: "requests to Server Functions can exhaust memory or CPU",
        since: v(13, 0, 0),
        fixed: &[
            v(15, 0, 8),
            v(15, 1, 12),
            v(15, 2, 9),
            v(15, 3, 9),
            v(15, 4, 11),
            v(15, 5, 10),
            v(16, 0, 11),
            v(16, 1, 5),
        ],
        source: "https://vercel.com/changelog/summary-of-cve-2026-23864",
    },
    Advisory {
        ids: &["CVE-2026-44575", "CVE-2026-45109"],
        software: Software::Next,
        harm: "requests can get past the checks of the proxy (middleware)",
        since: v(15, 2, 0),
        fixed: &[v(15, 5, 18), v(16, 2, 6)],
        source: "https://github.com/advisories/GHSA-26hh-7cqf-hhc6",
    },
    Advisory {
        ids: &["CVE-2026-64641"],
        software: Software::Next,
        harm: "requests to Server Actions can block the process",
        since: v(13, 0, 0),
        fixed: &[v(15, 5, 21), v(16, 2, 11)],
        source: "https://github.com/vercel/next.js/security/advisories/GHSA-m99w-x7hq-7vfj",
    },
    Advisory {
        ids: &["CVE-2026-94482"],
        software: Software::Next,
        harm: "requests to Server Actions can block the process",
        since: v(13, 0, 0),
        fixed: &[v(15, 5, 28), v(16, 4, 1)],
        source: "https://github.com/advisories/GHSA-p3m5-59mp-jv5r",
    },
    Advisory {
        ids: &["CVE-2025-55182"],
        software: Software::React,
        harm: "anyone can run code on the server with one request",
        since: v(19, 0, 0),
        fixed: &[v(19, 0, 1), v(19, 1, 2), v(19, 2, 1)],
        source: "https://github.com/facebook/react/security/advisories/GHSA-fv66-9v8q-g76r",
    },
    Advisory {
        ids: &["CVE-2026-126187"],
        software: Software::React,
        harm: "in rare cases requests can run code on the server",
        since: v(19, 0, 0),
        fixed: &[v(19, 0, 9), v(19, 1, 10), v(19, 2, 9), v(19, 3, 1)],
        source: "https://github.com/react/react/security/advisories/GHSA-xqc2-xf4c-x3h3",
    },
];

impl ReleasedVersion {
    /// Reads `16.4.6`, `v16.4.6` or `15.0.0-canary.3`; `None` for anything else, such as `canary`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let release = text.trim().trim_start_matches('v');
        let release = release.split(['-', '+']).next().unwrap_or(release);
        let mut numbers = release.split('.').map(str::parse::<u32>);
        let mut next = || numbers.next()?.ok();
        Some(Self { major: next()?, minor: next()?, patch: next()? })
    }

    const fn line(self) -> (u32, u32) {
        (self.major, self.minor)
    }
}

impl fmt::Display for ReleasedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Advisory {
    /// Whether this version has the hole.
    #[must_use]
    pub fn affects(&self, version: ReleasedVersion) -> bool {
        let fixes = || self.fixed.iter();
        let patched = fixes().any(|fixed| fixed.line() == version.line() && version.patch >= fixed.patch);
        let of_major = fixes().filter(|fixed| fixed.major == version.major);
        let newest_of_major = of_major.map(|fixed| fixed.line()).max();
        let newer = match newest_of_major {
            Some(newest) => version.line() > newest,
            None => fixes().all(|fixed| version.major > fixed.major),
        };
        version >= self.since && !patched && !newer
    }
}

/// The holes of a version.
pub fn holes_of(software: Software, version: ReleasedVersion) -> impl Iterator<Item = &'static Advisory> {
    ADVISORIES.iter().filter(move |one| one.software == software && one.affects(version))
}

/// The nearest later version without any hole of the table; `None` where it knows of none.
#[must_use]
pub fn nearest_sound(software: Software, version: ReleasedVersion) -> Option<ReleasedVersion> {
    let fixes = ADVISORIES.iter().filter(|one| one.software == software).flat_map(|one| one.fixed);
    fixes.copied().filter(|fixed| *fixed > version && holes_of(software, *fixed).next().is_none()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(software: Software, version: &str) -> Vec<&'static str> {
        let version = ReleasedVersion::parse(version);
        version
            .into_iter()
            .flat_map(|version| holes_of(software, version))
            .flat_map(|hole| hole.ids.iter().copied())
            .collect()
    }

    #[test]
    fn each_release_line_is_sound_from_its_own_patch_on() {
        for (hole, open, closed) in [
            ("CVE-2025-66478", "15.0.4", "15.0.5"),
            ("CVE-2025-66478", "15.4.7", "15.4.8"),
            ("CVE-2025-66478", "16.0.6", "16.0.7"),
            ("CVE-2025-67779", "14.2.34", "14.2.35"),
            ("CVE-2025-67779", "15.5.8", "15.5.9"),
            ("CVE-2025-67779", "16.0.9", "16.0.10"),
            ("CVE-2026-45109", "16.2.5", "16.2.6"),
            ("CVE-2026-94482", "16.4.0", "16.4.1"),
        ] {
            assert!(ids(Software::Next, open).contains(&hole), "{open} has {hole}");
            assert!(!ids(Software::Next, closed).contains(&hole), "{closed} has no {hole}");
        }
        assert!(ids(Software::React, "19.2.0").contains(&"CVE-2025-55182"));
        assert!(!ids(Software::React, "19.2.1").contains(&"CVE-2025-55182"));
    }

    #[test]
    fn lines_before_the_hole_never_had_it_and_lines_after_its_fixes_do_not_have_it() {
        for version in ["14.2.20", "16.1.0", "17.0.0"] {
            assert!(!ids(Software::Next, version).contains(&"CVE-2025-66478"), "{version}");
        }
        // Never patched: a line older than the oldest patched one.
        assert!(ids(Software::Next, "14.1.4").contains(&"CVE-2025-67779"));
        assert!(ids(Software::Next, "15.3.9").contains(&"CVE-2026-94482"));
        assert!(ids(Software::Next, "16.4.6").is_empty() && ids(Software::React, "18.3.1").is_empty());
    }

    #[test]
    fn what_to_update_to_has_no_hole_itself() {
        let next = |version: &str| {
            nearest_sound(Software::Next, ReleasedVersion::parse(version).unwrap())
                .map(|sound| sound.to_string())
        };
        assert_eq!(next("15.4.7").as_deref(), Some("15.5.28"));
        assert_eq!(next("16.0.1").as_deref(), Some("16.4.1"));
        assert_eq!(next("16.4.6"), None);
        assert_eq!(ReleasedVersion::parse("15.0.0-canary.3"), Some(v(15, 0, 0)));
        assert_eq!(ReleasedVersion::parse("canary"), None);
    }
}
