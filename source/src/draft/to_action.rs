//! A mutation by a route becomes an action next to the page that asks for it, by `fetch` or by a form. The handler's code is taken
//! over as it is, and the route stays: whether somebody else calls it, the source alone cannot tell.

use pointsman_store::{CallSite, Definition, HandlerKind, How, Side};

use super::before_routes;
use super::desk::{Desk, Why, name};
use super::places::{folder, module_name, page_file};
use super::refresh::showing;
use super::to_route::kebab;
use super::{HandlerRef, Task};
use crate::resolve::join;
use crate::syntax::{Exchange, Replacement, Style, TODO, TakenOver};

pub(super) fn draft(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    let [handler] = task.handlers.as_slice() else {
        return Err("several handlers at once become an action by hand only".to_owned());
    };
    let definition = desk.definition(handler)?;
    let HandlerRef::Route { kind: HandlerKind::RouteHandler, route, method } = handler else {
        return Err(format!("{} is no handler in a route.ts", name(handler)));
    };
    if method == "GET" || method == "HEAD" || route.contains('[') {
        return Err(format!("{method} {route} is no mutation with a fixed path"));
    }
    if definition.written_in.is_some() {
        return Err(format!("{} is written in another place than it is exported", name(handler)));
    }
    let (sites, exchange) = sites(definition)?;
    let checked = before_routes::same_for(desk, (method.as_str(), "POST"), route, &task.pages)?;
    let shows = sites.iter().any(|site| site.refreshes);
    let shown = if shows { Some(showing(desk, &task.pages)?) } else { None };
    let file = &definition.place.file;
    let call = shown.as_ref().map(|(_, call)| call.as_str());
    let (taken, style) =
        desk.look(file, |source| Ok((source.taken_over(method, exchange, call)?, source.style())))?;
    let action = camel(method, route);
    let home = home(desk, &task.pages, &action, style)?;
    let mut imports = imports(desk, file, &home, &taken)?;
    imports.extend(shown.as_ref().map(|(by, _)| (format!("{{ {by} }}"), "next/cache".to_owned())));
    if exchange == Exchange::Form {
        imports.push(("{ redirect }".to_owned(), "next/navigation".to_owned()));
    }
    desk.create(&home, code(&action, name(handler).as_str(), &imports, &taken, exchange, style));
    for site in sites {
        let client = site.place.file.as_str();
        let from = module_name(desk, client, &home);
        let replacement = Replacement {
            name: &action,
            from: &from,
            has_input: taken.input.is_some(),
            sets_status: taken.sets_status,
            shows: site.refreshes,
        };
        let edits = desk.look(client, |source| match exchange {
            Exchange::Json => source.asks_action(site.place.line, &replacement),
            Exchange::Form => source.form_sends_to(site.place.line, &replacement),
        })?;
        desk.edit(client, edits);
    }
    desk.remarks.extend(checked);
    desk.remarks.push(format!("{file} stays: delete its {method} once nothing else calls {route}"));
    Ok(())
}

/// The places that ask the route; an error unless each is a `fetch` of the browser's code, or each is a form.
fn sites(definition: &Definition) -> Result<(Vec<&CallSite>, Exchange), Why> {
    let sites: Vec<&CallSite> = definition.call_sites.iter().collect();
    let is_fetch =
        |one: &CallSite| one.how == How::Fetch && one.side == Side::Client && one.method == definition.method;
    match sites.iter().find(|one| !is_fetch(one)) {
        None if sites.is_empty() => Err("the source has no place that calls it".to_owned()),
        None => Ok((sites, Exchange::Json)),
        Some(_) if sites.iter().all(|one| one.how == How::Form) => Ok((sites, Exchange::Form)),
        Some(other) => Err(format!(
            "{}:{} asks it in another way than by fetch in code for browsers",
            other.place.file, other.place.line
        )),
    }
}

/// The new file beside the page.
fn home(desk: &Desk<'_>, pages: &[String], action: &str, style: Style) -> Result<String, Why> {
    let page = pages.first().and_then(|page| page_file(desk, page));
    let page = page.ok_or("no page that calls it is known, next to which the action could be")?;
    let end = if style.typed { "ts" } else { "js" };
    let names = ["actions".to_owned(), kebab(action)];
    let files = names.iter().filter_map(|name| join(folder(&page), &format!("{name}.{end}")));
    let mut free = files.filter(|file| !desk.reading.repository.has(file));
    free.next().ok_or_else(|| format!("next to {page} the names {} are taken", names.join(" and ")))
}

/// The imports as the new file writes them.
pub(super) fn imports(
    desk: &Desk<'_>,
    file: &str,
    home: &str,
    taken: &TakenOver,
) -> Result<Vec<(String, String)>, Why> {
    let moved = |(clause, source): &(String, String)| -> Result<(String, String), Why> {
        if !source.starts_with('.') {
            return Ok((clause.clone(), source.clone()));
        }
        let target = desk.reading.code.target(file, source);
        let target = target.ok_or_else(|| format!("{file} imports {source}, which is not found"))?;
        Ok((clause.clone(), module_name(desk, home, target)))
    };
    taken.imports.iter().map(moved).collect()
}

/// `postCartItems` for `POST /api/cart/items`.
pub(super) fn camel(method: &str, route: &str) -> String {
    let words = route.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut name = method.to_ascii_lowercase();
    for word in words.filter(|word| !word.is_empty() && *word != "api") {
        let (first, rest) = word.split_at(1);
        name += &first.to_ascii_uppercase();
        name += rest;
    }
    name
}

fn code(
    action: &str,
    handler: &str,
    imports: &[(String, String)],
    taken: &TakenOver,
    exchange: Exchange,
    style: Style,
) -> String {
    let mut head = "\"use server\";\n\n".to_owned();
    for (clause, source) in imports {
        head += &format!("import {clause} from \"{source}\";\n");
    }
    head += if imports.is_empty() { "" } else { "\n" };
    head += &format!("// What {handler} does, as an action.\n");
    head += &format!("// {TODO}auth: actions check Origin; keep every check of who may do this.\n");
    head += &format!(
        "// {TODO}status codes: where the route answered 500, which no caller read, the call now throws.\n"
    );
    if taken.sets_status {
        head += &format!(
            "// {TODO}status codes: what the route answered with a status code of its own, which no caller in the source reads, is a plain answer now.\n"
        );
    }
    let input = match (&taken.input, exchange) {
        (None, _) => String::new(),
        (Some(_), Exchange::Form) => {
            head += &format!("// {TODO}arguments: anyone can send anything. Check what the form has.\n");
            if style.typed { "input: FormData".to_owned() } else { "input".to_owned() }
        }
        (Some(written), Exchange::Json) => {
            head += &format!(
                "// {TODO}arguments: anyone can send anything. Check input, which is not turned into JSON any more.\n"
            );
            let written = if written.is_empty() { "any" } else { written };
            if style.typed { format!("input: {written}") } else { "input".to_owned() }
        }
    };
    let head = style.of(&head);
    format!("{head}export async function {action}({input}) {}{}", taken.body, style.of("\n"))
}
