//! The configuration in force, and which part of it can change while the daemon runs. When it is read anew is `serve`'s
//! business.

use std::sync::Arc;

use tokio::sync::watch;
use toml::{Table, Value};

use super::{Config, Reports, leaves};

/// Keys, or beginnings of them, that a running daemon takes over; what lies in named files of tokens and certificates is
/// taken over besides.
const TAKEN_OVER: [&str; 9] = [
    "advice.",
    "mcp.",
    "recommendations.",
    "retention.",
    "source.",
    "reports.schedule",
    "reports.time_zone",
    "reports.after_deployment",
    "reports.keep",
];

/// The configuration in force. Cheap to clone; all clones see a change.
#[derive(Clone, Debug)]
pub(crate) struct Current(watch::Receiver<Arc<Config>>);

/// Puts another configuration in force.
pub(crate) type InForce = watch::Sender<Arc<Config>>;

/// What a new configuration changes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Changes {
    /// Keys whose new values are in force.
    pub(crate) taken_over: Vec<String>,
    /// Keys whose new values wait for the next start.
    pub(crate) at_next_start: Vec<String>,
}

impl Current {
    /// The first configuration, and how to replace it.
    pub(crate) fn new(config: Config) -> (InForce, Self) {
        let (in_force, current) = watch::channel(Arc::new(config));
        (in_force, Self(current))
    }

    /// As it is now; whoever works with it for long asks again.
    pub(crate) fn get(&self) -> Arc<Config> {
        self.0.borrow().clone()
    }
}

impl Config {
    /// This configuration with what can be taken over from another one, and which keys differ.
    pub(crate) fn taking_over(&self, from: Self) -> Result<(Self, Changes), toml::ser::Error> {
        let mut changes = self.changes(&from)?;
        let policies = (self.policies != from.policies).then(|| "policy".to_owned());
        changes.taken_over.extend(policies);
        let folder = self.reports.folder.clone();
        let (webhook, email) = (self.reports.webhook.clone(), self.reports.email.clone());
        let (grafana, pages_url) = (self.reports.grafana.clone(), self.reports.pages_url.clone());
        let reports = Reports { folder, webhook, email, grafana, pages_url, ..from.reports };
        let Self { advice, mcp, recommendations, retention, policies, source, old_names, .. } = from;
        let kept = self.clone();
        let taken =
            Self { advice, mcp, recommendations, retention, policies, reports, source, old_names, ..kept };
        Ok((taken, changes))
    }

    fn changes(&self, other: &Self) -> Result<Changes, toml::ser::Error> {
        let [ours, theirs] = [self, other].map(Table::try_from);
        let [ours, theirs] = [leaves(&[], ours?), leaves(&[], theirs?)];
        let lacks = |all: &[(Vec<String>, Value)], one: &(Vec<String>, Value)| !all.contains(one);
        let differing = ours.iter().filter(|one| lacks(&theirs, one));
        let differing = differing.chain(theirs.iter().filter(|one| lacks(&ours, one)));
        let mut keys: Vec<String> = differing.map(|(path, _)| path.join(".")).collect();
        // Their addresses are secrets, which the tables do not hold.
        let (mine, others) = (&self.reports, &other.reports);
        for (key, differs) in [
            ("reports.webhook", mine.webhook != others.webhook),
            ("reports.grafana", mine.grafana != others.grafana),
        ] {
            keys.extend(differs.then(|| key.to_owned()));
        }
        keys.sort_unstable();
        keys.dedup();
        let (taken_over, at_next_start) = keys.into_iter().partition(|key| is_taken_over(key));
        Ok(Changes { taken_over, at_next_start })
    }
}

/// Whether a running daemon takes over another value of a key.
pub(super) fn is_taken_over(key: &str) -> bool {
    TAKEN_OVER.iter().any(|begin| key.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_taken_over_is_and_the_rest_is_named() {
        let old = Config::default();
        let mut new = Config::default();
        new.advice.min_gain_ms = 7.0;
        new.advice.sampling_ratio = Some(0.5);
        new.serve.listen = "off".to_owned();
        new.otlp.tokens_file = Some("tokens".into());
        new.reports.keep = 5;
        new.reports.folder = Some("reports".into());
        let (taken, changes) = old.taking_over(new.clone()).unwrap();
        assert_eq!(changes.taken_over, ["advice.min_gain_ms", "advice.sampling_ratio", "reports.keep"]);
        assert_eq!(changes.at_next_start, ["otlp.tokens_file", "reports.folder", "serve.listen"]);
        assert_eq!((taken.advice, taken.reports.keep), (new.advice, 5));
        assert_eq!(
            (taken.serve, taken.otlp, taken.reports.folder),
            (old.serve.clone(), old.otlp.clone(), None)
        );
        let (same, none) = old.taking_over(old.clone()).unwrap();
        assert_eq!((same, none), (old, Changes::default()));
    }
}
