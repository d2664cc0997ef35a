//! The thresholds in force: a rule's defaults, what is set for it, and what is set for some Handlers only.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use pointsman_store::{Action, Handler};

use super::{Rule, SHADOWED};
use crate::settings::{RuleSettings, Settings};

/// The effective thresholds of one rule for one Handler, beside those for all.
#[derive(Clone, Copy, Debug)]
pub struct Knobs<'a> {
    /// What it adds to or takes from the score.
    pub weight: f64,
    /// What its observable must reach.
    pub threshold: f64,
    /// Observations it needs.
    pub min_samples: u64,
    /// Whether it looks and is counted, but does not speak.
    pub shadow: bool,
    /// Thresholds for all rules.
    pub settings: &'a Settings,
}

/// All thresholds, ready to be looked up.
#[derive(Debug)]
pub struct Thresholds<'a> {
    settings: &'a Settings,
    overrides: Vec<(GlobSet, &'a BTreeMap<String, RuleSettings>)>,
}

/// Globs over the names of Handlers: `*` stays within a segment of a path, `**` does not.
///
/// # Errors
/// What is wrong with the first glob that is none.
pub fn handler_globs(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        // Brackets are dynamic segments here (`/product/[id]`), not classes of characters.
        let escaped = glob.replace('[', "\\[").replace(']', "\\]");
        set.add(GlobBuilder::new(&escaped).literal_separator(true).backslash_escape(true).build()?);
    }
    set.build()
}

/// The names under which globs know a Handler: its route, with and without the method; of an operation of a
/// Dispatcher also its own name, and the route with it; of an action its name and `file#name`.
pub(crate) fn names(handler: &Handler) -> Vec<String> {
    let mut names = vec![handler.route.clone(), format!("{} {}", handler.method, handler.route)];
    if let Some(operation) = &handler.operation {
        names.extend([operation.clone(), format!("{} {}", handler.method, handler.path())]);
    }
    if let Some(Action::Export { file, name }) = &handler.action {
        names.push(name.clone());
        names.extend((!file.is_empty()).then(|| format!("{file}#{name}")));
    }
    names
}

impl<'a> Thresholds<'a> {
    /// Those of the settings. A glob that is none fits nothing; the configuration refuses it before.
    #[must_use]
    pub fn new(settings: &'a Settings) -> Self {
        let compiled = settings
            .overrides
            .iter()
            .filter_map(|one| Some((handler_globs(&one.handlers).ok()?, &one.rules)));
        Self { settings, overrides: compiled.collect() }
    }

    /// The thresholds of a rule for all Handlers; `None` when it is switched off.
    #[must_use]
    pub fn for_all(&self, rule: &Rule) -> Option<Knobs<'a>> {
        self.knobs(rule, self.settings.rules.get(rule.id).copied().unwrap_or_default())
    }

    /// The thresholds of a rule for one Handler; `None` when it is switched off for it.
    #[must_use]
    pub fn of(&self, rule: &Rule, handler: &Handler) -> Option<Knobs<'a>> {
        let mut own = self.settings.rules.get(rule.id).copied().unwrap_or_default();
        let names = if self.overrides.is_empty() { Vec::new() } else { names(handler) };
        for (globs, rules) in &self.overrides {
            if let Some(set) = rules.get(rule.id)
                && names.iter().any(|name| globs.is_match(name))
            {
                own = set.over(own);
            }
        }
        self.knobs(rule, own)
    }

    /// Thresholds for all rules.
    #[must_use]
    pub fn settings(&self) -> &'a Settings {
        self.settings
    }

    fn knobs(&self, rule: &Rule, set: RuleSettings) -> Option<Knobs<'a>> {
        let RuleSettings { enabled, weight, threshold, min_samples, shadow } = set;
        enabled.unwrap_or(true).then_some(Knobs {
            weight: weight.unwrap_or(rule.weight),
            threshold: threshold.unwrap_or(rule.threshold),
            min_samples: min_samples.unwrap_or(rule.min_samples),
            shadow: shadow.unwrap_or_else(|| SHADOWED.contains(&rule.id)),
            settings: self.settings,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use pointsman_store::HandlerKind;

    use super::*;

    fn fits(globs: &[&str], handler: &Handler) -> bool {
        let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
        let set = handler_globs(&globs).unwrap();
        names(handler).iter().any(|name| set.is_match(name))
    }

    #[test]
    fn globs_know_a_handler_by_its_route_its_method_and_its_action() {
        let mut handler = Handler {
            service: "shop".into(),
            environment: None,
            kind: HandlerKind::RouteHandler,
            route: "/api/orders/[id]".into(),
            method: "POST".into(),
            action: None,
            operation: None,
        };
        for (globs, expected) in [
            (&["/api/**"][..], true),
            (&["/api/*"], false),
            (&["/api/orders/*"], true),
            (&["/api/orders/[id]"], true),
            (&["POST /api/orders/[id]"], true),
            (&["GET /api/orders/[id]"], false),
            (&["GET /**", "POST /**"], true),
            (&["{POST,PUT} /api/**"], true),
        ] {
            assert_eq!(fits(globs, &handler), expected, "{globs:?}");
        }
        handler.action = Some(Action::Export { file: "app/actions.ts".into(), name: "addItem".into() });
        for (globs, expected) in
            [(&["add*"][..], true), (&["app/*#addItem"], true), (&["app/**"], true), (&["lib/**"], false)]
        {
            assert_eq!(fits(globs, &handler), expected, "{globs:?}");
        }
        assert!(handler_globs(&["{a,b".to_owned()]).is_err());
    }
}
