//! Definitions of handlers at a route: what the files of `app` and `pages/api` export.

use std::collections::BTreeMap;

use pointsman_store::{Definition, HandlerKind, Place};

use crate::code::Code;
use crate::module::{Export, ExportOf, Local, Module};
use crate::route::Pattern;

/// A route and the handlers that answer at it.
pub(crate) struct Route {
    pub pattern: Pattern,
    /// Their places in the list of definitions.
    pub handlers: Vec<usize>,
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What of a route's file says how it is served.
const SEGMENT: [&str; 7] =
    ["dynamic", "revalidate", "runtime", "maxDuration", "fetchCache", "preferredRegion", "dynamicParams"];

/// The handlers of an `app/**/route` file: one for each exported method.
pub(crate) fn of_route(file: &str, pattern: &Pattern, module: &Module, code: &Code) -> Vec<Definition> {
    let mut found = Vec::new();
    for method in METHODS {
        let own = module.exports.iter().find(|export| export.name == method);
        let mut definition = match own {
            Some(export) => definition(HandlerKind::RouteHandler, pattern, file, export.line, export, code),
            // `export * from "./handlers"`.
            None => {
                let Some((from, export)) = code.written(file, method) else { continue };
                let mut there =
                    definition(HandlerKind::RouteHandler, pattern, from, export.line, export, code);
                there.written_in = Some(there.written_in.unwrap_or(there.place));
                there.place = Place { file: file.to_owned(), line: 1 };
                there
            }
        };
        definition.method = Some(method.to_owned());
        definition.name = Some(method.to_owned());
        definition.segment = segment(module);
        found.push(definition);
    }
    found
}

/// `sitemap.ts` and the like: the default export answers GET.
pub(crate) fn of_metadata(file: &str, pattern: &Pattern, module: &Module, code: &Code) -> Option<Definition> {
    let export = module.exports.iter().find(|export| export.name == "default")?;
    let mut definition = definition(HandlerKind::RouteHandler, pattern, file, export.line, export, code);
    definition.method = Some("GET".to_owned());
    definition.name = Some("default".to_owned());
    definition.segment = segment(module);
    Some(definition)
}

/// A `pages/api` file: its default export answers all methods.
pub(crate) fn of_pages_api(
    file: &str,
    pattern: &Pattern,
    module: &Module,
    code: &Code,
) -> Option<Definition> {
    let export = module.exports.iter().find(|export| export.name == "default")?;
    let mut definition = definition(HandlerKind::PagesApi, pattern, file, export.line, export, code);
    definition.name = Some("default".to_owned());
    definition.segment = segment(module);
    definition.segment.extend(
        module
            .literals
            .iter()
            .filter(|(name, _)| name.starts_with("api."))
            .map(|(n, v)| (n.clone(), v.clone())),
    );
    Some(definition)
}

fn segment(module: &Module) -> BTreeMap<String, String> {
    let known = |(name, _): &(&String, &String)| SEGMENT.contains(&name.as_str());
    module.literals.iter().filter(known).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn definition(
    kind: HandlerKind,
    pattern: &Pattern,
    file: &str,
    line: u32,
    export: &Export,
    code: &Code,
) -> Definition {
    let (local, written_in) = written(file, line, export, code);
    Definition {
        kind,
        route: Some(pattern.as_str().to_owned()),
        method: None,
        compares_methods: local.map(|local| local.compares.clone()).unwrap_or_default(),
        action: None,
        place: Place { file: file.to_owned(), line },
        name: None,
        written_in,
        reads: local
            .map(|local| local.reads.iter().map(|name| (*name).to_owned()).collect())
            .unwrap_or_default(),
        segment: BTreeMap::new(),
        usage: None,
        call_sites: Vec::new(),
    }
}

/// What an export is, and where it is written if that is somewhere else.
pub(crate) fn written<'a>(
    file: &str,
    line: u32,
    export: &'a Export,
    code: &'a Code,
) -> (Option<&'a Local>, Option<Place>) {
    match &export.of {
        ExportOf::Local(local) => {
            let elsewhere = local.line != 0 && local.line != line;
            (Some(local), elsewhere.then(|| Place { file: file.to_owned(), line: local.line }))
        }
        ExportOf::Import { source, name } => {
            let crate::module::ImportName::Named(name) = name else { return (None, None) };
            let found = code.modules.get_key_value(file).and_then(|(file, _)| code.target(file, source));
            let Some((file, export)) = found.and_then(|next| code.written(next, name)) else {
                return (None, None);
            };
            let ExportOf::Local(local) = &export.of else { return (None, None) };
            let line = if local.line == 0 { export.line } else { local.line };
            (Some(local), Some(Place { file: file.to_owned(), line }))
        }
    }
}
