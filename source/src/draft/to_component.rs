//! Reads by actions after a component has loaded become reads by its page: the page calls the functions while it renders and hands
//! the results to the component, which no longer asks.

use pointsman_store::Side;

use super::Task;
use super::desk::{Desk, Why};
use super::places::{module_name, page_file};
use super::stray::handed_on;
use super::to_route::{PlainAction, bare, drop_directives, plain};
use crate::code::Target;
use crate::module::ImportName;
use crate::syntax::{Given, Loads};

pub(super) fn draft(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    let actions: Vec<PlainAction<'_>> =
        task.handlers.iter().map(|handler| plain(desk, handler)).collect::<Result<_, Why>>()?;
    let client = client(&actions)?;
    let page = task.pages.first().and_then(|page| page_file(desk, page));
    let page = page.ok_or("no page that calls it is known, which could read it while it renders")?;
    if desk.reading.code.modules.get(&page).is_none_or(|module| module.use_client) {
        return Err(format!("{page} runs in the browser too, so it cannot read anything while it renders"));
    }
    let code = &desk.reading.code;
    let meant = |file: &str, source: &str, name: &ImportName| {
        let target = code.imported_action(file, source, name, None)?;
        let is_it =
            |one: &&PlainAction<'_>| target == Target::Action(one.file.to_owned(), one.exported.to_owned());
        actions.iter().find(is_it).map(|one| one.exported.to_owned())
    };
    let props: Vec<(String, String)> =
        actions.iter().map(|one| (one.exported.to_owned(), prop(one.exported))).collect();
    let Loads { component, edits } =
        desk.look(client, |source| source.loads(&|source, name| meant(client, source, name), &props))?;
    only_this_page_shows(desk, client, &page)?;
    desk.edit(client, edits);

    let is_component = |source: &str, name: &ImportName| {
        code.target(&page, source) == Some(client) && *name == ImportName::Named(component.clone())
    };
    let given: Vec<Given> = actions
        .iter()
        .zip(&props)
        .map(|(one, (exported, prop))| Given {
            function: exported.clone(),
            prop: prop.clone(),
            from: module_name(desk, &page, one.file),
        })
        .collect();
    let edits = desk.look(&page, |source| source.reads_for(&is_component, &given))?;
    desk.edit(&page, edits);
    desk.remarks.push(format!(
        "{page} now also reads this when a link to it is prefetched, and when a crawler asks for it"
    ));
    drop_directives(desk, task)
}

/// The one file that calls all of the actions, in the browser.
fn client<'a>(actions: &[PlainAction<'a>]) -> Result<&'a str, Why> {
    let mut files = Vec::new();
    for action in actions {
        match action.definition.call_sites.as_slice() {
            [site] if site.side == Side::Client => files.push(site.place.file.as_str()),
            [] => return Err(format!("the source has no place that calls {}", action.exported)),
            [site] => {
                return Err(format!("{}:{} calls it on the server", site.place.file, site.place.line));
            }
            sites => return Err(format!("{} places call {}", sites.len(), action.exported)),
        }
    }
    files.dedup();
    match files.as_slice() {
        [one] => Ok(one),
        _ => Err("several components call these actions".to_owned()),
    }
}

/// Whether no other file shows the component: it would not get what the page reads.
fn only_this_page_shows(desk: &Desk<'_>, client: &str, page: &str) -> Result<(), Why> {
    if let Some(from) = handed_on(desk, client) {
        return Err(format!("{from} hands on what {client} exports"));
    }
    let code = &desk.reading.code;
    let shows = |(file, module): (&String, &crate::module::Module)| {
        let takes = module
            .imports
            .iter()
            .any(|import| !import.type_only && code.target(file, &import.source) == Some(client));
        takes.then(|| file.clone())
    };
    let users: Vec<String> = code.modules.iter().filter_map(shows).collect();
    match users.as_slice() {
        [only] if only == page => Ok(()),
        [] => Err(format!("nothing imports {client}")),
        all => Err(format!("{} shows it, not {page} alone", all.join(", "))),
    }
}

/// The property that carries what `getProfile` reads: `profile`.
fn prop(exported: &str) -> String {
    let name = bare(exported);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
