//! How long and how much is kept: the section `[retention]`, and how times and sizes are written there.

use std::fmt;
use std::time::Duration;

use pointsman_store::{Limit, Limits, MIN_ROLLUP_AGE};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const MIB: u64 = 1 << 20;

/// What is kept of each kind, by age and by size; `serve` deletes the rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retention {
    /// Raw spans, by age.
    pub blocks_age: Age,
    /// Raw spans, by size.
    pub blocks_size: Size,
    /// Calls, by age.
    pub calls_age: Age,
    /// Calls, by size.
    pub calls_size: Size,
    /// Rollups, by age; at least 35 days.
    pub rollups_age: Age,
    /// Rollups, by size; those of the last 35 days stay.
    pub rollups_size: Size,
    /// How often it is looked whether something has to go, s.
    pub interval_s: u64,
    /// How often the whole file is checked, in addition to the check after the start.
    pub check_interval: Age,
}

/// A length of time as `7d` or `12h`; `None` for `off`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Age(pub(crate) Option<Duration>);

/// A size in bytes, as `2GiB` or `500MiB`; `None` for `off`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Size(pub(crate) Option<u64>);

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u32| Age(Some(DAY * days));
        let mib = |mib: u64| Size(Some(mib * MIB));
        Self {
            blocks_age: days(7),
            blocks_size: mib(2_048),
            calls_age: days(35),
            calls_size: mib(2_048),
            rollups_age: days(400),
            rollups_size: mib(1_024),
            interval_s: 60,
            check_interval: days(1),
        }
    }
}

impl Retention {
    /// The same in the words of the store.
    pub(crate) fn limits(&self) -> Limits {
        let limit = |age: Age, size: Size| Limit { age: age.0, bytes: size.0 };
        Limits {
            blocks: limit(self.blocks_age, self.blocks_size),
            calls: limit(self.calls_age, self.calls_size),
            rollups: limit(self.rollups_age, self.rollups_size),
        }
    }

    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.rollups_age.0.is_some_and(|age| age < MIN_ROLLUP_AGE) {
            faults.push(format!(
                "retention.rollups_age = {}: blockers look back 35 days; write at least 35d, or off",
                self.rollups_age
            ));
        }
        if self.interval_s == 0 {
            faults.push("retention.interval_s = 0: write how many seconds, at least 1".to_owned());
        }
        faults
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|age| age.as_secs() / 3_600) {
            None => f.write_str("off"),
            Some(hours) if hours % 24 == 0 => write!(f, "{}d", hours / 24),
            Some(hours) => write!(f, "{hours}h"),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|bytes| bytes / MIB) {
            None => f.write_str("off"),
            Some(mib) if mib % 1024 == 0 => write!(f, "{}GiB", mib / 1024),
            Some(mib) => write!(f, "{mib}MiB"),
        }
    }
}

impl Serialize for Age {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A whole number above 0 with one of these units, times the unit's worth.
fn parse<T: Copy>(text: &str, units: &[(&str, T)], times: impl Fn(T, u32) -> Option<T>) -> Option<T> {
    let begin = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(begin);
    let number = number.parse::<u32>().ok().filter(|number| *number > 0)?;
    let (_, worth) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    times(*worth, number)
}

/// A length of time as `30m`, `12h` or `7d`.
pub(super) fn length(text: &str) -> Option<Duration> {
    parse(text, &[("d", DAY), ("h", HOUR), ("m", HOUR / 60)], Duration::checked_mul)
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self(None));
        }
        let age = parse(&text, &[("d", DAY), ("h", HOUR)], Duration::checked_mul);
        age.map(|age| Self(Some(age))).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a valid duration; write 7d or 12h, or off for no limit"
            ))
        })
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self(None));
        }
        let size = parse(&text, &[("MiB", MIB), ("GiB", MIB << 10)], |worth, number| {
            worth.checked_mul(u64::from(number))
        });
        size.map(|size| Self(Some(size))).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a valid size; write 2GiB or 500MiB, or off for no limit"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Retention, String> {
        toml::from_str::<Retention>(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn times_and_sizes_are_read_with_their_units() {
        let read =
            read("blocks_age = \"12h\"\nblocks_size = \"500MiB\"\ncalls_size = \"off\"\ncalls_age = \"off\"");
        let limits = read.unwrap().limits();
        assert_eq!(limits.blocks, Limit { age: Some(HOUR * 12), bytes: Some(500 * MIB) });
        assert_eq!(limits.calls, Limit { age: None, bytes: None });
        assert_eq!(limits.rollups, Limit { age: Some(DAY * 400), bytes: Some(1 << 30) });
    }

    #[test]
    fn what_is_no_time_or_size_is_refused_with_a_remedy() {
        for bad in ["0", "0d", "7", "d", "-1d", "7 weeks", "99999999999d", ""] {
            let said = read(&format!("blocks_age = \"{bad}\"")).unwrap_err();
            assert!(said.contains("write 7d or 12h, or off"), "{bad}: {said}");
        }
        for bad in ["0", "0MiB", "2", "2GB", "1.5GiB", "99999999999GiB"] {
            let said = read(&format!("blocks_size = \"{bad}\"")).unwrap_err();
            assert!(said.contains("write 2GiB or 500MiB, or off"), "{bad}: {said}");
        }
    }

    #[test]
    fn rollups_cannot_be_kept_shorter_than_blockers_look_back() {
        let faults = read("rollups_age = \"34d\"\ninterval_s = 0").unwrap().faults();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(
            faults[0].starts_with("retention.rollups_age = 34d: blockers look back 35 days"),
            "{faults:?}"
        );
        assert_eq!(read("rollups_age = \"35d\"").unwrap().faults(), Vec::<String>::new());
        assert_eq!(read("rollups_age = \"off\"").unwrap().faults(), Vec::<String>::new());
    }
}
