//! Facts about the observed app that are not numbers of one Handler.

/// One named value that an app's telemetry carried, and when: its Next.js version, build id, an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppFact {
    /// `service.name` of the resource.
    pub service: String,
    /// Environment, as in [`crate::Handler::environment`].
    pub environment: Option<String>,
    /// The build under which it was seen: the app's build or deployment id, where it is told.
    pub build: Option<String>,
    /// What is known: an attribute's name (`pointsman.next.version`).
    pub name: String,
    /// Its value as text.
    pub value: String,
    /// Start of the earliest span that carried it, ns since the epoch.
    pub first_seen_ns: u64,
    /// Start of the latest span that carried it, ns since the epoch.
    pub last_seen_ns: u64,
}
