//! Definitions of actions, and the places that use them.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet};
use pointsman_store::{CallSite, Definition, HandlerKind, How, Place, Side, Usage};

use crate::code::{Code, Target};
use crate::handlers::written;
use crate::module::{ExportOf, Use};
use crate::packages::is_below;

/// What Next.js calls the actions within other functions, before their number in the file.
const INLINE: &str = "$$RSC_SERVER_ACTION_";

/// All actions of an app, with their call sites.
pub(crate) fn of(code: &Code, root: &str, client: &HashSet<String>) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut places: HashMap<Target, usize> = HashMap::new();
    for (file, module) in &code.modules {
        if module.use_server {
            for export in &module.exports {
                let is_action = match &export.of {
                    ExportOf::Local(local) => local.may_be_called,
                    ExportOf::Import { .. } => true,
                };
                if is_action {
                    places.insert(Target::Action(file.clone(), export.name.clone()), found.len());
                    let (local, elsewhere) = written(file, export.line, export, code);
                    let reads = local.map(|local| &local.reads[..]).unwrap_or_default();
                    let name = &export.name;
                    found.push(definition(root, file, export.line, name, Some(name), elsewhere, reads));
                }
            }
        }
        for (at, inline) in module.inline_actions.iter().enumerate() {
            places.insert(Target::Inline(file.clone(), at), found.len());
            let name = format!("{INLINE}{at}");
            let own = inline.name.as_ref();
            let mut definition = definition(root, file, inline.line, &name, own, None, &[]);
            definition.call_sites.extend(inline.uses.iter().map(|used| site(file, used, client)));
            found.push(definition);
        }
    }
    for (file, module) in &code.modules {
        for used in &module.uses {
            let at = code.used_action(file, used).and_then(|target| places.get(&target).copied());
            if let Some(definition) = at.and_then(|at| found.get_mut(at)) {
                definition.call_sites.push(site(file, used, client));
            }
        }
    }
    for definition in &mut found {
        definition.call_sites.sort();
        definition.call_sites.dedup();
        // What other apps of the repository do with a shared action is not known here.
        let is_own = is_below(&definition.place.file, root);
        let used = usage(&definition.call_sites);
        definition.usage = (is_own || used != Usage::Nowhere).then_some(used);
    }
    found
}

fn definition(
    root: &str,
    file: &str,
    line: u32,
    exported: &str,
    name: Option<&String>,
    written_in: Option<Place>,
    reads: &[&str],
) -> Definition {
    Definition {
        kind: HandlerKind::ServerAction,
        route: None,
        method: Some("POST".to_owned()),
        compares_methods: Vec::new(),
        action: Some(format!("{}#{exported}", relative(file, root))),
        place: Place { file: file.to_owned(), line },
        name: name.cloned(),
        written_in,
        reads: reads.iter().map(|name| (*name).to_owned()).collect(),
        segment: BTreeMap::new(),
        usage: None,
        call_sites: Vec::new(),
    }
}

fn site(file: &str, used: &Use, client: &HashSet<String>) -> CallSite {
    CallSite {
        place: Place { file: file.to_owned(), line: used.line },
        how: used.how,
        method: Some("POST".to_owned()),
        side: side(file, client),
        refreshes: used.refreshes,
    }
}

pub(crate) fn side(file: &str, client: &HashSet<String>) -> Side {
    if client.contains(file) { Side::Client } else { Side::Server }
}

fn usage(sites: &[CallSite]) -> Usage {
    if sites.is_empty() {
        return Usage::Nowhere;
    }
    let on_server =
        |site: &CallSite| site.side == Side::Server && matches!(site.how, How::Call | How::Transition);
    if sites.iter().all(on_server) { Usage::ServerOnly } else { Usage::Action }
}

/// A file as the app's own tools name it: relative to the app's folder.
fn relative(file: &str, root: &str) -> String {
    if root.is_empty() {
        return file.to_owned();
    }
    if let Some(rest) = file.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) {
        return rest.to_owned();
    }
    let common = root.split('/').zip(file.split('/')).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(root.split('/').count() - common);
    let rest: Vec<&str> = file.split('/').skip(common).collect();
    format!("{up}{}", rest.join("/"))
}
