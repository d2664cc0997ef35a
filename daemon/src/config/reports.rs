//! When reports are published and where they go: the section `[reports]`. What a due time follows from is `publish::times`'s
//! business, how something is delivered that of `publish`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use reqwest::Url;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::email::Email;
use super::retention::{Age, length};
use crate::render::Audience;

/// Receivers at most: each one has a task of its own.
const MOST_TARGETS: usize = 20;
/// The name under which the folder stands among the receivers.
pub(crate) const FOLDER: &str = "folder";

/// When reports are published and where they go.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reports {
    /// When.
    pub schedule: Schedule,
    /// In which time zone that is meant.
    pub time_zone: Zone,
    /// So long after a new build was first seen; `off` is never.
    pub after_deployment: Age,
    /// How many are kept of each service and environment.
    pub keep: u32,
    /// Where they are written as Markdown, HTML and JSON.
    pub folder: Option<PathBuf>,
    /// Where readers reach the pages, as in https://pointsman.example.com: messages link there.
    pub pages_url: Option<String>,
    /// To whom they are sent over HTTP.
    pub webhook: Vec<Webhook>,
    /// To whom they are sent as e-mail.
    pub email: Vec<Email>,
    /// Where they become annotations.
    pub grafana: Vec<Grafana>,
}

/// When reports are due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Schedule {
    /// Never.
    Off,
    /// Whenever so much time has passed, counted from 1970-01-01T00:00:00Z.
    Every(Duration),
    /// A cron expression of five fields.
    Cron(String),
}

/// A time zone with its IANA name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) zone: TimeZone,
}

/// A receiver of reports.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// What it is called in logs and metrics, which never show its address.
    pub name: String,
    /// Where it listens. The address of a chat is a secret.
    pub url: Address,
    /// What it understands.
    #[serde(default)]
    pub format: WebhookFormat,
    /// A file with the secret of its signatures.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// How long it may take to answer, s.
    #[serde(default = "ten")]
    pub timeout_s: u64,
}

/// A Grafana that gets annotations: deployments, changes that are new, and changes that were compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grafana {
    /// What it is called in logs and metrics.
    pub name: String,
    /// Its address, as in https://grafana.example.com.
    pub url: Address,
    /// A file with the token of a service account that may write annotations.
    pub token_file: PathBuf,
    /// How long it may take to answer, s.
    #[serde(default = "ten")]
    pub timeout_s: u64,
}

/// An address that no debug output shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(String);

/// What a receiver understands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebhookFormat {
    /// The report as `pointsman report --format json` prints it.
    #[default]
    Json,
    /// A message for Slack, or whatever takes the same.
    Slack,
}

fn ten() -> u64 {
    10
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            schedule: Schedule::Cron("0 6 * * *".to_owned()),
            time_zone: Zone { name: "UTC".to_owned(), zone: TimeZone::UTC },
            after_deployment: Age(Some(Duration::from_secs(3_600))),
            keep: 400,
            folder: None,
            pages_url: None,
            webhook: Vec::new(),
            email: Vec::new(),
            grafana: Vec::new(),
        }
    }
}

impl Reports {
    /// For whom reports are worded.
    pub(crate) fn audience(&self) -> Audience {
        Audience { zone: self.zone(), link: self.pages_url.clone() }
    }

    /// The time zone of the schedule and of all times in reports.
    pub(crate) fn zone(&self) -> TimeZone {
        self.time_zone.zone.clone()
    }

    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.keep == 0 {
            faults.push(
                "reports.keep = 0: changes are listed against a kept report; write at least 1".to_owned(),
            );
        }
        if self.pages_url.as_deref().is_some_and(|link| !is_link(link)) {
            faults.push(
                "reports.pages_url: write the address of the pages, as in https://pointsman.example.com"
                    .to_owned(),
            );
        }
        let targets = self.targets();
        if targets.len() > MOST_TARGETS {
            faults.push(format!("reports: there are {} targets; name at most {MOST_TARGETS}", targets.len()));
        }
        let names: Vec<&str> = targets.iter().map(|(_, name, _)| *name).collect();
        for (place, (kind, name, own)) in targets.iter().enumerate() {
            let is_taken = names.iter().take(place).any(|other| other == name);
            // By name, because tables that cannot be read are not counted here.
            let shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
            let all = name_fault(name, is_taken).into_iter().chain(own.iter().cloned());
            faults.extend(all.map(|fault| format!("reports.{kind} {shown}: {fault}")));
        }
        faults
    }

    /// Every target: the key of its table, its name, what is wrong with the rest of it.
    fn targets(&self) -> Vec<(&'static str, &str, Vec<String>)> {
        let webhooks = self.webhook.iter().map(|one| ("webhook", one.name.as_str(), one.faults()));
        let emails = self.email.iter().map(|one| ("email", one.name.as_str(), one.faults()));
        let grafanas = self.grafana.iter().map(|one| ("grafana", one.name.as_str(), one.faults()));
        webhooks.chain(emails).chain(grafanas).collect()
    }
}

/// What is wrong with the name of a target.
fn name_fault(name: &str, is_taken: bool) -> Option<String> {
    let in_names = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    if name.is_empty() || name.len() > 40 || !name.bytes().all(in_names) {
        Some("name: write 1 to 40 letters, digits, - or _, as in team-chat".to_owned())
    } else if is_taken || name == FOLDER {
        Some("name: it is taken; give each target a name of its own".to_owned())
    } else {
        None
    }
}

/// Whether messages can link to an address.
fn is_link(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    })
}

/// What is wrong with an address and the time that it may take.
fn network_faults(url: &Address, timeout_s: u64) -> Vec<String> {
    let mut faults = Vec::new();
    if let Err(fault) = url.parsed() {
        faults.push(format!("url: {fault}"));
    }
    if timeout_s == 0 || timeout_s > 300 {
        faults.push(format!("timeout_s = {timeout_s}: write how many seconds, 1 to 300"));
    }
    faults
}

impl Webhook {
    fn faults(&self) -> Vec<String> {
        network_faults(&self.url, self.timeout_s)
    }
}

impl Grafana {
    fn faults(&self) -> Vec<String> {
        network_faults(&self.url, self.timeout_s)
    }
}

impl Address {
    /// The address. What is wrong with it is said without repeating it.
    pub(crate) fn parsed(&self) -> Result<Url, String> {
        let url = Url::parse(&self.0).map_err(|error| {
            format!("not a valid address ({error}); write it as in https://example.com/hook")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "{} is not supported; write an address with https:// or http://",
                url.scheme()
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "it holds a user or a password; take them out, and let secret_file sign what is sent"
                    .to_owned(),
            );
        }
        Ok(url)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(an address)")
    }
}

/// As it can be read again, except addresses.
impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Every(every) => serializer.collect_str(&format_args!("every {}m", every.as_secs() / 60)),
            Self::Cron(text) => serializer.serialize_str(text),
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(an address)")
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self::Off);
        }
        if let Some(every) = text.strip_prefix("every ") {
            let every = length(every.trim()).map(Self::Every);
            return every.ok_or_else(|| {
                D::Error::custom(format!(
                    "`{text}` is not a valid interval; write every 12h, every 30m or every 7d"
                ))
            });
        }
        let fault = |reason: &str| {
            D::Error::custom(format!(
                "`{text}` is not a valid schedule ({reason}); write a cron expression as in 0 6 * * *, an interval as in every 12h, \
                 or off"
            ))
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(fault(&format!("it has {} fields, a cron expression has 5", fields.len())));
        }
        let text = fields.join(" ");
        match cronexpr::parse_crontab(&format!("{text} UTC")) {
            Ok(_) => Ok(Self::Cron(text)),
            Err(_) => Err(fault("minute, hour, day of the month, month, day of the week")),
        }
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = TimeZone::get(&name).ok().map(|zone| {
            // As the database writes it, whatever the case here.
            let name = zone.iana_name().unwrap_or(&name).to_owned();
            Self { name, zone }
        });
        found.ok_or_else(|| {
            D::Error::custom(format!(
                "`{name}` is not a known time zone; write its IANA name, as in Europe/Paris or UTC"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Reports, String> {
        toml::from_str::<Reports>(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn schedules_and_zones_are_read() {
        for (text, expected) in [
            ("off", Schedule::Off),
            ("every 12h", Schedule::Every(Duration::from_secs(43_200))),
            ("every 30m", Schedule::Every(Duration::from_secs(1_800))),
            ("0  6 * * 1-5", Schedule::Cron("0 6 * * 1-5".to_owned())),
        ] {
            assert_eq!(read(&format!("schedule = \"{text}\"")).unwrap().schedule, expected);
        }
        assert_eq!(read("time_zone = \"europe/paris\"").unwrap().time_zone.name, "Europe/Paris");
        assert_eq!(read("time_zone = \"UTC\"").unwrap(), Reports::default());
    }

    #[test]
    fn what_is_no_schedule_or_zone_is_refused_with_a_remedy() {
        for bad in ["", "daily", "0 6 * *", "0 6 * * * UTC", "61 6 * * *", "every", "every 0h", "every day"] {
            let said = read(&format!("schedule = \"{bad}\"")).unwrap_err();
            assert!(said.contains("every 12h"), "{bad}: {said}");
        }
        let said = read("time_zone = \"Paris\"").unwrap_err();
        assert!(said.contains("Europe/Paris"), "{said}");
    }

    #[test]
    fn all_that_is_wrong_with_receivers_is_told_and_no_address_is_repeated() {
        let hooks = [
            ("ok", "https://example.com/a"),
            ("ok", "https://example.com/b"),
            ("folder", "ftp://example.com/secret"),
            ("no name", "https://me:secret@example.com/"),
            ("x", "example.com/secret"),
        ];
        let hook = |(name, url): (&str, &str)| format!("[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\n");
        let mut reports = read(&("keep = 0\n".to_owned() + &hooks.map(hook).concat())).unwrap();
        reports.webhook[4].timeout_s = 0;
        let faults = reports.faults();
        let begins = [
            "reports.keep = 0",
            "reports.webhook ok: name: it is taken",
            "reports.webhook folder: name: it is taken",
            "reports.webhook folder: url: ftp is not supported",
            "reports.webhook no name: name: write",
            "reports.webhook no name: url: it holds a user or a password",
            "reports.webhook x: url: not a valid address",
            "reports.webhook x: timeout_s = 0",
        ];
        assert_eq!(faults.len(), begins.len(), "{faults:#?}");
        for (fault, begin) in faults.iter().zip(begins) {
            assert!(fault.starts_with(begin) && !fault.contains("secret@"), "{begin}: {fault}");
        }
        assert!(!format!("{reports:?}").contains("example.com"), "{reports:?}");
    }
}
