//! A mutation by a route becomes an action next to the page that asks for it. The handler's code is taken over as it is, and the
//! route stays: whether somebody else calls it, the source alone cannot tell.

use pointsman_store::{Definition, HandlerKind, How, Side};

use super::desk::{Desk, Why, name};
use super::places::{folder, module_name, page_file};
use super::refresh::showing;
use super::to_route::kebab;
use super::{HandlerRef, Task};
use crate::resolve::join;
use crate::syntax::{Style, TODO, TakenOver};

/// Files whose code runs before a route and may check who asks.
const BEFORE_ROUTES: [&str; 2] = ["middleware", "proxy"];

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
    not_checked_before(desk)?;
    let sites = sites(definition)?;
    let shows = sites.iter().any(|site| site.refreshes);
    let shown = if shows { Some(showing(desk, &task.pages)?) } else { None };
    let file = &definition.place.file;
    let call = shown.as_ref().map(|(_, call)| call.as_str());
    let (taken, style) = desk.look(file, |source| Ok((source.taken_over(method, call)?, source.style())))?;
    let action = camel(method, route);
    let home = home(desk, &task.pages, &action, style)?;
    let mut imports = imports(desk, file, &home, &taken)?;
    imports.extend(shown.as_ref().map(|(by, _)| (format!("{{ {by} }}"), "next/cache".to_owned())));
    desk.create(&home, code(&action, name(handler).as_str(), &imports, &taken, style));
    for site in sites {
        let client = site.place.file.as_str();
        let from = module_name(desk, client, &home);
        let edits = desk.look(client, |source| {
            source.asks_action(site.place.line, &action, &from, taken.input.is_some())
        })?;
        desk.edit(client, edits);
    }
    desk.remarks.push(format!("{file} stays: delete its {method} once nothing else calls {route}"));
    Ok(())
}

/// An action answers below its page's path, where what is checked for `/api/..` before a route may not be.
fn not_checked_before(desk: &Desk<'_>) -> Result<(), Why> {
    let root = &desk.reading.source.app.root;
    for name in BEFORE_ROUTES {
        for inner in ["", "src/"] {
            for end in ["ts", "js"] {
                let file = join(root, &format!("{inner}{name}.{end}")).unwrap_or_default();
                if desk.reading.repository.has(&file) {
                    return Err(format!("{file} may check requests to the route, and not those to the page"));
                }
            }
        }
    }
    Ok(())
}

/// The places that ask the route; an error unless each is a `fetch` of the browser's code.
fn sites(definition: &Definition) -> Result<Vec<&pointsman_store::CallSite>, Why> {
    let other = definition
        .call_sites
        .iter()
        .find(|one| one.how != How::Fetch || one.side != Side::Client || one.method != definition.method);
    if let Some(other) = other {
        return Err(format!(
            "{}:{} asks it in another way than by fetch in code for browsers",
            other.place.file, other.place.line
        ));
    }
    if definition.call_sites.is_empty() {
        return Err("the source has no place that calls it".to_owned());
    }
    Ok(definition.call_sites.iter().collect())
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
fn imports(desk: &Desk<'_>, file: &str, home: &str, taken: &TakenOver) -> Result<Vec<(String, String)>, Why> {
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
fn camel(method: &str, route: &str) -> String {
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
    let input = match &taken.input {
        None => String::new(),
        Some(written) => {
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
