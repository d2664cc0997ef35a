//! Moments as people read them, in a named time zone. In reports they are RFC 3339, UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment, for people and for machines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    /// As in RFC 3339, for `<time datetime>`.
    pub(crate) exact: String,
    /// `25 Nov 2026, 06:00 UTC`.
    pub(crate) text: String,
}

/// A moment of a report (RFC 3339); what is no time stays as it is.
pub(crate) fn moment(time: &str, zone: &TimeZone) -> Moment {
    let text = time.parse::<Timestamp>().ok().map(|moment| {
        let local = moment.to_zoned(zone.clone());
        // Before 1970 or after 9999 nothing comes; a zone without an abbreviation prints its offset.
        local.strftime("%-d %b %Y, %H:%M %Z").to_string()
    });
    Moment { exact: time.to_owned(), text: text.unwrap_or_else(|| time.to_owned()) }
}

/// The day of a moment: `25 Nov 2026`.
pub(crate) fn day(time: &str, zone: &TimeZone) -> String {
    let moment = time.parse::<Timestamp>().ok().map(|moment| moment.to_zoned(zone.clone()));
    moment.map_or_else(|| time.to_owned(), |local| local.strftime("%-d %b %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_its_zone() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        for (time, zone, text) in [
            ("2026-11-25T05:00:00Z", &TimeZone::UTC, "25 Nov 2026, 05:00 UTC"),
            ("2026-11-25T05:00:00Z", &paris, "25 Nov 2026, 06:00 CET"),
            ("2026-07-01T23:30:00Z", &paris, "2 Jul 2026, 01:30 CEST"),
            ("soon", &paris, "soon"),
        ] {
            assert_eq!(moment(time, zone).text, text);
        }
    }
}
