//! When a report is due: what a schedule, a deployment and the last kept report say at a moment. Nothing is read or made
//! here, and the time is an argument.

use anyhow::{Context, anyhow};
use cronexpr::Crontab;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pointsman_store::Hour;

use crate::clock::nanos;
use crate::config::{Reports, Schedule};

/// So long after its due time a report is made, ns: spans of the last requests are still under way, and what clients did
/// across the edge of the hour is counted with five minutes beyond it. As regular runs wait.
const SETTLES_NS: u64 = Hour::OVERLAP_NS;
/// How far back a schedule is followed for its latest time, hours: an hour, a day, a month, a year, four years. The short
/// looks come first, because a look steps from one due time to the next.
const LOOKS_BACK: [i64; 5] = [1, 24, 31 * 24, 366 * 24, 4 * 366 * 24];

/// Why a report is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reason {
    /// Its time has come.
    Schedule,
    /// The app was deployed a while ago.
    Deployment,
}

/// A report that is to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    /// The moment that it was due, at which its window ends, ns since the epoch.
    pub(crate) at_ns: u64,
    pub(crate) reason: Reason,
}

/// When reports are due.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    scheduled: Scheduled,
    after_deployment_ns: Option<u64>,
}

#[derive(Clone, Debug)]
enum Scheduled {
    Never,
    Every(u64),
    /// Meant in this zone: the crontab itself knows none.
    Cron(Box<Crontab>, TimeZone),
}

impl Reason {
    pub(crate) const ALL: [Self; 2] = [Self::Schedule, Self::Deployment];

    /// The word for tables, labels and headers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Deployment => "deployment",
        }
    }
}

impl Times {
    pub(crate) fn new(reports: &Reports) -> anyhow::Result<Self> {
        let scheduled = match &reports.schedule {
            Schedule::Off => Scheduled::Never,
            Schedule::Every(every) => Scheduled::Every(nanos(*every)),
            Schedule::Cron(text) => {
                // Times of day are read as if they were UTC, and placed in the zone afterwards.
                let crontab =
                    cronexpr::parse_crontab(&format!("{text} UTC")).map_err(|error| anyhow!("{error}"));
                let crontab = crontab.with_context(|| format!("reports.schedule = {text}"))?;
                Scheduled::Cron(Box::new(crontab), reports.zone())
            }
        };
        Ok(Self { scheduled, after_deployment_ns: reports.after_deployment.0.map(nanos) })
    }

    /// Whether there is anything to wait for.
    pub(crate) fn are_off(&self) -> bool {
        matches!(self.scheduled, Scheduled::Never) && self.after_deployment_ns.is_none()
    }

    /// The report that is due at a moment: the latest of all that were missed. `last_ns` is when the last kept one was due;
    /// `deployed` says when the app was last deployed before a moment.
    pub(crate) fn due(
        &self,
        last_ns: Option<u64>,
        deployed: impl Fn(u64) -> Option<u64>,
        now_ns: u64,
    ) -> Option<Due> {
        let until_ns = now_ns.saturating_sub(SETTLES_NS);
        let scheduled = self.scheduled.latest(until_ns).map(|at_ns| Due { at_ns, reason: Reason::Schedule });
        let after = self.after_deployment_ns.and_then(|after_ns| {
            let at_ns = deployed(until_ns.checked_sub(after_ns)?)?.saturating_add(after_ns);
            // Reports are named by their due time, to the second.
            Some(Due { at_ns: at_ns - at_ns % 1_000_000_000, reason: Reason::Deployment })
        });
        let missed = [after, scheduled]
            .into_iter()
            .flatten()
            .filter(|due| last_ns.is_none_or(|last| due.at_ns > last));
        missed.max_by_key(|due| due.at_ns)
    }
}

impl Scheduled {
    /// The latest due time that is not after a moment, ns since the epoch.
    fn latest(&self, until_ns: u64) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Every(every) => until_ns.checked_div(*every).map(|times| times * every),
            Self::Cron(crontab, zone) => {
                let until = Timestamp::from_nanosecond(i128::from(until_ns)).ok()?;
                LOOKS_BACK.iter().find_map(|hours| latest_of(crontab, zone, until, *hours))
            }
        }
    }
}

/// The latest time of a cron expression that is not after a moment, and not longer ago than so many hours. A time of day that
/// a change of the clock skips is an hour later, and of one that comes twice the first counts: no day is dropped or doubled.
fn latest_of(crontab: &Crontab, zone: &TimeZone, until: Timestamp, back_hours: i64) -> Option<u64> {
    let local = TimeZone::UTC.to_timestamp(until.to_zoned(zone.clone()).datetime()).ok()?;
    let mut at = local.checked_sub(SignedDuration::from_hours(back_hours)).ok()?;
    let mut latest = None;
    while let Ok(next) = crontab.find_next(at) {
        // A library that stands still would hold us for ever.
        if next.timestamp() > local || next.timestamp() <= at {
            break;
        }
        at = next.timestamp();
        let placed = zone.to_timestamp(next.datetime()).ok().filter(|placed| *placed <= until);
        latest = latest.max(placed);
    }
    u64::try_from(latest?.as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> u64 {
        u64::try_from(time.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    fn times(schedule: &str, zone: &str, after: &str) -> Times {
        let text =
            format!("schedule = \"{schedule}\"\ntime_zone = \"{zone}\"\nafter_deployment = \"{after}\"");
        Times::new(&toml::from_str::<Reports>(&text).unwrap()).unwrap()
    }

    fn told(due: Option<Due>) -> String {
        due.map_or_else(String::new, |due| {
            let at = Timestamp::from_nanosecond(i128::from(due.at_ns)).unwrap();
            format!("{at} {}", due.reason.as_str())
        })
    }

    #[test]
    fn the_latest_missed_time_is_due_once_and_five_minutes_after_it() {
        for (schedule, zone, last, now, expected) in [
            ("0 6 * * *", "UTC", None, "2026-03-10T06:05:00Z", "2026-03-10T06:00:00Z schedule"),
            ("0 6 * * *", "UTC", None, "2026-03-10T06:04:59Z", "2026-03-09T06:00:00Z schedule"),
            ("0 6 * * *", "UTC", Some("2026-03-10T06:00:00Z"), "2026-03-10T23:00:00Z", ""),
            ("0 6 * * *", "UTC", Some("2026-03-10T06:00:00Z"), "2026-03-11T06:04:00Z", ""),
            (
                "0 6 * * *",
                "UTC",
                Some("2026-03-06T06:00:00Z"),
                "2026-03-10T07:00:00Z",
                "2026-03-10T06:00:00Z schedule",
            ),
            ("0 6 * * *", "Asia/Tokyo", None, "2026-03-10T06:00:00Z", "2026-03-09T21:00:00Z schedule"),
            ("30 7 29 2 *", "UTC", None, "2026-03-10T06:00:00Z", "2024-02-29T07:30:00Z schedule"),
            ("0 9 * * 1", "UTC", None, "2026-03-10T06:00:00Z", "2026-03-09T09:00:00Z schedule"),
            ("*/15 * * * *", "UTC", None, "2026-03-10T06:22:00Z", "2026-03-10T06:15:00Z schedule"),
            ("every 12h", "UTC", None, "2026-03-10T06:22:00Z", "2026-03-10T00:00:00Z schedule"),
            ("every 12h", "UTC", Some("2026-03-10T00:00:00Z"), "2026-03-10T12:04:00Z", ""),
            (
                "every 12h",
                "UTC",
                Some("2026-03-10T00:00:00Z"),
                "2026-03-10T12:05:00Z",
                "2026-03-10T12:00:00Z schedule",
            ),
            ("off", "UTC", None, "2026-03-10T06:22:00Z", ""),
        ] {
            let due = times(schedule, zone, "off").due(last.map(at), |_| None, at(now));
            assert_eq!(told(due), expected, "{schedule} {zone} {last:?} {now}");
        }
    }

    #[test]
    fn a_clock_that_is_changed_neither_drops_a_day_nor_doubles_one() {
        // Paris: from 02:00 to 03:00 on 29 March, from 03:00 back to 02:00 on 25 October.
        for (schedule, from, hours, expected) in [
            ("30 2 * * *", "2026-03-27T12:00:00Z", 72, 3),
            ("30 2 * * *", "2026-10-23T12:00:00Z", 73, 3),
            ("0 6 * * *", "2026-03-27T12:00:00Z", 72, 3),
            ("0 6 * * *", "2026-10-23T12:00:00Z", 73, 3),
        ] {
            let times = times(schedule, "Europe/Paris", "off");
            let (mut last, mut made) = (Some(at(from)), Vec::new());
            for minute in 0..hours * 60 {
                let now = at(from) + (minute + 5) * Hour::NANOS / 60;
                if let Some(due) = times.due(last, |_| None, now) {
                    last = Some(due.at_ns);
                    made.push(told(Some(due)));
                }
            }
            assert_eq!(made.len(), expected, "{schedule} {from}: {made:#?}");
        }
    }

    #[test]
    fn a_deployment_is_due_after_its_time_and_the_later_of_two_is_made() {
        let deployed_ns = at("2026-03-10T05:30:00Z");
        let deployed = |until_ns: u64| (deployed_ns <= until_ns).then_some(deployed_ns);
        for (schedule, last, now, expected) in [
            ("off", None, "2026-03-10T06:34:00Z", ""),
            ("off", None, "2026-03-10T06:35:00Z", "2026-03-10T06:30:00Z deployment"),
            ("off", Some("2026-03-10T06:30:00Z"), "2026-03-10T06:36:00Z", ""),
            ("0 6 * * *", None, "2026-03-10T06:10:00Z", "2026-03-10T06:00:00Z schedule"),
            (
                "0 6 * * *",
                Some("2026-03-10T06:00:00Z"),
                "2026-03-10T06:40:00Z",
                "2026-03-10T06:30:00Z deployment",
            ),
            (
                "0 6 * * *",
                Some("2026-03-09T06:00:00Z"),
                "2026-03-10T20:00:00Z",
                "2026-03-10T06:30:00Z deployment",
            ),
            (
                "0 7 * * *",
                Some("2026-03-09T06:00:00Z"),
                "2026-03-10T20:00:00Z",
                "2026-03-10T07:00:00Z schedule",
            ),
        ] {
            let due = times(schedule, "UTC", "1h").due(last.map(at), deployed, at(now));
            assert_eq!(told(due), expected, "{schedule} {last:?} {now}");
        }
        assert!(times("off", "UTC", "off").are_off());
        assert!(!times("off", "UTC", "1h").are_off());
    }
}
