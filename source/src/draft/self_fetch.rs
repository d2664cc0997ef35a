//! A page that fetches a route of its own app becomes a page that calls the function behind it. The handler's code goes into a
//! module of its own, which the route and the page call.

use pointsman_store::{CallSite, Definition, HandlerKind, How, Side};

use super::before_routes;
use super::desk::{Desk, Why};
use super::places::{folder, module_name, page_file};
use super::to_action::{camel, imports};
use super::to_route::kebab;
use super::{HandlerRef, Task};
use crate::resolve::join;
use crate::syntax::{Exchange, Replacement, Style, TODO, TakenOver};

/// The first version of Next.js that keeps neither answers of GET handlers nor those of `fetch` unless it is told to.
const KEEPS_NOTHING: u32 = 15;
/// Settings of a route by which its answer is kept or made elsewhere.
const SETTINGS: [&str; 6] =
    ["revalidate", "dynamic", "fetchCache", "runtime", "maxDuration", "preferredRegion"];

pub(super) fn draft(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    let [HandlerRef::Page(page)] = task.handlers.as_slice() else {
        return Err("a fetch of the app's own URL is drafted for pages only".to_owned());
    };
    let file = page_file(desk, page).ok_or_else(|| format!("the source has no page {page}"))?;
    let asked: Vec<(&Definition, &CallSite)> = desk
        .reading
        .source
        .handlers
        .iter()
        .flat_map(|one| one.call_sites.iter().map(move |site| (one, site)))
        .filter(|(one, site)| {
            site.place.file == file && one.kind == HandlerKind::RouteHandler && site.how == How::Fetch
        })
        .collect();
    if asked.is_empty() {
        return Err(format!("{file} fetches no route of the app itself; something that it imports may"));
    }
    for (definition, site) in asked {
        one(desk, page, definition, site)?;
    }
    Ok(())
}

fn one(desk: &mut Desk<'_>, page: &str, definition: &Definition, site: &CallSite) -> Result<(), Why> {
    let (client, file) = (site.place.file.as_str(), definition.place.file.as_str());
    let route = callable(desk, definition, site)?;
    let checked = before_routes::same_for(desk, ("GET", "GET"), route, &[page.to_owned()])?;
    let (taken, style) =
        desk.look(file, |source| Ok((source.taken_over("GET", Exchange::Json, None)?, source.style())))?;
    if taken.input.is_some() || taken.sets_status {
        return Err(format!("{file}: its GET reads the request's body or sets a status code"));
    }
    let function = camel("GET", route);
    let home = home(desk, file, &function, style)?;
    let needed = imports(desk, file, &home, &taken)?;
    desk.create(&home, code(&function, route, &needed, &taken, style));
    let from = module_name(desk, file, &home);
    let edits = desk.look(file, |source| source.answers_with("GET", &function, &from))?;
    desk.edit(file, edits);
    let from = module_name(desk, client, &home);
    let replacement =
        Replacement { name: &function, from: &from, has_input: false, sets_status: false, shows: false };
    let edits = desk.look(client, |source| source.calls_directly(site.place.line, &replacement))?;
    desk.edit(client, edits);
    desk.remarks.extend(checked);
    desk.remarks
        .push(format!("{client}: what {function} throws now reaches the page; before, {route} answered 500"));
    Ok(())
}

/// The route, if a call of its handler means the same as a request by the server.
fn callable<'d>(desk: &Desk<'_>, definition: &'d Definition, site: &CallSite) -> Result<&'d str, Why> {
    let file = &definition.place.file;
    let route = definition.route.as_deref().unwrap_or_default();
    if site.side != Side::Server || site.method.as_deref() != Some("GET") || route.contains('[') {
        return Err(format!(
            "{}:{} is no GET by the server of a fixed path",
            site.place.file, site.place.line
        ));
    }
    if desk.next_major().is_none_or(|major| major < KEEPS_NOTHING) {
        return Err(
            "before Next.js 15 the answer may come from its cache, which a call does not use".to_owned()
        );
    }
    if let Some(what) = definition.reads.first() {
        return Err(format!(
            "{file} reads {what}, which a fetch by the server does not carry and a call has"
        ));
    }
    let setting = definition.segment.iter().find(|(name, value)| {
        SETTINGS.contains(&name.as_str()) && !(*name == "dynamic" && value.contains("force-dynamic"))
    });
    if let Some((name, _)) = setting {
        return Err(format!("{file}: its `{name}` holds for the route only"));
    }
    if definition.written_in.is_some() {
        return Err(format!("GET {route} is written in another place than it is exported"));
    }
    Ok(route)
}

/// The new file next to the route's.
fn home(desk: &Desk<'_>, file: &str, function: &str, style: Style) -> Result<String, Why> {
    let end = if style.typed { "ts" } else { "js" };
    let names = ["read".to_owned(), kebab(function)];
    let files = names.iter().filter_map(|name| join(folder(file), &format!("{name}.{end}")));
    let mut free = files.filter(|file| !desk.reading.repository.has(file));
    free.next().ok_or_else(|| format!("next to {file} the names {} are taken", names.join(" and ")))
}

fn code(
    function: &str,
    route: &str,
    imports: &[(String, String)],
    taken: &TakenOver,
    style: Style,
) -> String {
    let mut head = String::new();
    for (clause, source) in imports {
        head += &format!("import {clause} from \"{source}\";\n");
    }
    head += if imports.is_empty() { "" } else { "\n" };
    head += &format!("// What GET {route} answers, for the route and for code of the server.\n");
    head += &format!(
        "// {TODO}types: the page gets this as it is, not as JSON: a Date stays a Date, undefined stays.\n"
    );
    format!("{}export async function {function}() {}{}", style.of(&head), taken.body, style.of("\n"))
}
