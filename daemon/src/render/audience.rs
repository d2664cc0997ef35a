//! For whom a report is worded: in which zone its times are told, and where its readers reach the pages.

use jiff::tz::TimeZone;

use super::when::{day, moment};

/// What a rendering of a report needs to know about its readers.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// The zone in which times are told.
    pub(crate) zone: TimeZone,
    /// The address of the pages; `None` where messages link to nothing.
    pub(crate) link: Option<String>,
}

impl Audience {
    /// A time of a report (RFC 3339) as people read it.
    pub(crate) fn when(&self, time: &str) -> String {
        moment(time, &self.zone).text
    }

    /// The days from one time to another: `24 Nov to 1 Dec 2026`.
    pub(crate) fn days(&self, from: &str, to: &str) -> String {
        let (from, to) = (day(from, &self.zone), day(to, &self.zone));
        let year = to.get(to.len().saturating_sub(5)..).unwrap_or_default();
        format!("{} to {to}", from.strip_suffix(year).unwrap_or(&from))
    }

    /// The page of a Change.
    pub(crate) fn change(&self, id: &str) -> Option<String> {
        self.link.as_ref().map(|link| format!("{}/changes/{id}", link.trim_end_matches('/')))
    }

    /// The overview of a service and environment.
    pub(crate) fn overview(&self, service: &str, environment: Option<&str>) -> Option<String> {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        self.link.as_ref().map(|link| {
            let environment = encoded(environment.unwrap_or_default());
            format!("{}/?service={}&environment={environment}", link.trim_end_matches('/'), encoded(service))
        })
    }
}
