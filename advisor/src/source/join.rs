//! Finds the definition of a Handler by kind, route, method and name.

use std::collections::{BTreeMap, HashMap};

use pointsman_store::{Definition, HandlerKind, Source};

use crate::report::HandlerReport;
use crate::words::ReportedKind;

/// The definitions of a source by what telemetry knows of them.
pub(super) struct Index<'a> {
    routes: HashMap<&'a str, Vec<&'a Definition>>,
    actions: HashMap<&'a str, &'a Definition>,
    /// How many unresolved calls may mean a route.
    guesses: BTreeMap<&'a str, u64>,
}

impl<'a> Index<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        let mut index = Self { routes: HashMap::new(), actions: HashMap::new(), guesses: BTreeMap::new() };
        for definition in &source.handlers {
            if let Some(action) = &definition.action {
                index.actions.insert(action, definition);
            } else if let Some(route) = &definition.route {
                index.routes.entry(route).or_default().push(definition);
            }
        }
        for open in &source.unresolved {
            for route in &open.may_be {
                *index.guesses.entry(route).or_default() += 1;
            }
        }
        index
    }

    /// The definition of a Handler, or why there is none; `None` for what has no definition of its own.
    pub(super) fn definition(&self, row: &HandlerReport) -> Option<Result<&'a Definition, &'static str>> {
        let of_route = |kind: HandlerKind| {
            let all = self.routes.get(row.route.as_str()).map(Vec::as_slice).unwrap_or_default();
            let answers = |one: &&&Definition| {
                one.kind == kind && one.method.as_deref().is_none_or(|method| method == row.method)
            };
            match all.iter().find(answers) {
                Some(found) => Ok(*found),
                None if all.iter().any(|one| one.kind == kind) => {
                    Err("the source has this route, but does not export the method")
                }
                None => Err("the source does not define this route"),
            }
        };
        match row.kind {
            ReportedKind::RouteHandler => Some(of_route(HandlerKind::RouteHandler)),
            ReportedKind::PagesApi => Some(of_route(HandlerKind::PagesApi)),
            ReportedKind::ServerAction => Some(self.action(row)),
            _ => None,
        }
    }

    fn action(&self, row: &HandlerReport) -> Result<&'a Definition, &'static str> {
        let (Some(name), Some(file)) = (&row.action, &row.file) else {
            return Err("telemetry knows this action only by its id, so its source cannot be found");
        };
        let key = format!("{file}#{name}");
        self.actions.get(key.as_str()).copied().ok_or("the source does not define this action")
    }

    /// How many calls in the source may mean a route, without being certain.
    pub(super) fn guesses(&self, route: &str) -> u64 {
        self.guesses.get(route).copied().unwrap_or_default()
    }
}
