//! Which service and environment a page is about, where there are several.

use serde::Deserialize;

use crate::advise::Outlook;
use crate::render::safe;
use crate::web::View;
use crate::web::problem::Problem;

/// The query that names one; without it the first is meant.
#[derive(Clone, Default, Debug, Deserialize)]
pub(super) struct Which {
    pub(super) service: Option<String>,
    pub(super) environment: Option<String>,
}

/// One that can be chosen.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) href: String,
    /// `aria-current`.
    pub(super) current: &'static str,
}

impl Which {
    /// The query as it came.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [("service", &self.service), ("environment", &self.environment)];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }

    /// The outlook that is meant; `None` before there is any.
    pub(super) fn of<'a>(&self, view: &'a View) -> Result<Option<&'a Outlook>, Problem> {
        let Some(service) = self.service.as_deref() else { return Ok(view.outlooks.first()) };
        let environment = self.environment.as_deref().filter(|name| !name.is_empty());
        view.of(service, environment).map(Some).ok_or_else(|| {
            let environment = environment.map_or_else(String::new, |name| format!(" in {name}"));
            let known = safe::terminal(&format!("{service}{environment}"));
            Problem::not_found(format!(
                "no telemetry was received from {known}; the overview lists the services"
            ))
        })
    }
}

/// All that can be chosen; none where there is no choice.
pub(super) fn choices(view: &View, path: &str, chosen: Option<&Outlook>) -> Vec<Choice> {
    if view.outlooks.len() < 2 {
        return Vec::new();
    }
    let choice = |one: &Outlook| {
        let current = chosen.is_some_and(|chosen| std::ptr::eq(chosen, one));
        Choice {
            name: name(&one.report.service, one.report.environment.as_deref()),
            href: format!("{path}?{}", query(&one.report.service, one.report.environment.as_deref())),
            current: if current { "true" } else { "false" },
        }
    };
    view.outlooks.iter().map(choice).collect()
}

/// `storefront, production`.
pub(super) fn name(service: &str, environment: Option<&str>) -> String {
    let environment = environment.map_or_else(String::new, |name| format!(", {name}"));
    safe::terminal(&format!("{service}{environment}"))
}

/// The query that names a service and environment.
pub(super) fn query(service: &str, environment: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("service", service).append_pair("environment", environment.unwrap_or_default());
    query.finish()
}
