//! A read by an action becomes a read by a GET route. The function stays where it is and is no action any more; the route calls
//! it; a new module with the same name asks the route, and takes the function's place where browsers import it.

use pointsman_store::{Definition, How, Side, Usage};

use super::desk::{Desk, Why, name};
use super::places::{app_folder, module_name};
use super::stray::handed_on;
use super::{HandlerRef, Task};
use crate::code::Target;
use crate::module::ImportName;
use crate::resolve::join;
use crate::syntax::{Callable, Parameter, Style, TODO};

pub(super) fn draft(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    for handler in &task.handlers {
        one(desk, handler)?;
    }
    drop_directives(desk, task)
}

/// An action whose function can be called by other code.
pub(super) struct PlainAction<'a> {
    pub(super) definition: &'a Definition,
    /// Its file.
    pub(super) file: &'a str,
    /// Its exported name.
    pub(super) exported: &'a str,
}

/// The action, if it is an exported function, and everything that uses it calls it or hands it on within the browser.
pub(super) fn plain<'a>(desk: &Desk<'a>, handler: &HandlerRef) -> Result<PlainAction<'a>, Why> {
    let definition = desk.definition(handler)?;
    let file = definition.place.file.as_str();
    let inline = definition.action.as_ref().is_some_and(|action| action.contains(super::stray::INLINE));
    let (Some(exported), None, false) = (&definition.name, &definition.written_in, inline) else {
        return Err(format!("{} is not an exported function of a module of actions", name(handler)));
    };
    if !desk.reading.code.modules.get(file).is_some_and(|module| module.use_server) {
        return Err(format!("{file} does not begin with 'use server'"));
    }
    for site in &definition.call_sites {
        let place = format!("{}:{}", site.place.file, site.place.line);
        match (site.how, site.side) {
            (How::Form | How::ActionState, _) => {
                return Err(format!("{place} uses {exported} as the action of a form"));
            }
            (How::Call | How::Transition, _) | (_, Side::Client) => {}
            (_, Side::Server) => {
                return Err(format!(
                    "{place} hands {exported} from the server to a component, which only an action can be"
                ));
            }
        }
    }
    Ok(PlainAction { definition, file, exported })
}

fn one(desk: &mut Desk<'_>, handler: &HandlerRef) -> Result<(), Why> {
    let PlainAction { definition, file, exported } = plain(desk, handler)?;
    let (callable, style) = desk.look(file, |source| Ok((source.callable(exported)?, source.style())))?;
    if let Some(param) = callable.params.iter().find(|param| param.is("FormData")) {
        return Err(format!(
            "{file}: {} of {exported} is a form, which a GET request cannot carry",
            param.name
        ));
    }
    let (folder, route) = place(desk, exported)?;
    let end = if style.typed { "ts" } else { "js" };
    let route_file = format!("{folder}/route.{end}");
    let client_file = format!("{folder}/client.{end}");
    let base = desk.reading.source.app.base_path.clone().unwrap_or_default();
    let url = format!("{base}{route}");
    let read = module_name(desk, &route_file, file);
    desk.create(&route_file, style.of(&route_code(exported, &read, &route, &callable, style)));
    let read = module_name(desk, &client_file, file);
    desk.create(&client_file, style.of(&client_code(exported, &read, &url, &callable, style)));

    let action = Target::Action(file.to_owned(), exported.to_owned());
    let mut clients: Vec<&str> = definition
        .call_sites
        .iter()
        .filter(|site| site.side == Side::Client)
        .map(|site| site.place.file.as_str())
        .collect();
    clients.dedup();
    if clients.is_empty() {
        return Err(format!("no code for browsers calls {exported}"));
    }
    let code = &desk.reading.code;
    for client in clients {
        let means = |source: &str, name: &ImportName| {
            code.imported_action(client, source, name, None).as_ref() == Some(&action)
        };
        let from = module_name(desk, client, &client_file);
        let edits = desk.look(client, |source| source.import_from(&means, exported, &from))?;
        desk.edit(client, edits);
    }
    Ok(())
}

/// The `'use server'` of files goes whose actions are all read by other means now.
pub(super) fn drop_directives(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    let moved: Vec<&Definition> =
        task.handlers.iter().map(|handler| desk.definition(handler)).collect::<Result<_, Why>>()?;
    let mut files: Vec<&str> = moved.iter().map(|one| one.place.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let stays = |one: &&Definition| {
            let needed = !matches!(one.usage, Some(Usage::ServerOnly | Usage::Nowhere));
            one.place.file == file && needed && !moved.iter().any(|moved| moved.action == one.action)
        };
        let others = desk.reading.source.handlers.iter().find(stays);
        let why = match (others, handed_on(desk, file)) {
            (Some(other), _) => {
                format!("{} in it is still an action", other.name.as_deref().unwrap_or("another function"))
            }
            (None, Some(from)) => format!("{from} hands its names on"),
            (None, None) => {
                let edits = desk.look(file, |source| source.drop_use_server())?;
                desk.edit(file, edits);
                continue;
            }
        };
        desk.remarks.push(format!(
            "{file} keeps its 'use server', because {why}: move the functions that read into a file without it, so that nobody can \
             call them as actions"
        ));
    }
    Ok(())
}

/// The folder and the path of the new route: `/api/price` for `getPrice`, or `/api/get-price` where that is taken.
fn place(desk: &Desk<'_>, exported: &str) -> Result<(String, String), Why> {
    let app = app_folder(desk)?;
    let names = [kebab(bare(exported)), kebab(exported)];
    for name in names.iter().filter(|name| !name.is_empty()) {
        let route = format!("/api/{name}");
        let folder = join(&app, &format!("api/{name}")).ok_or("the route has no place")?;
        let is_taken = desk.reading.source.handlers.iter().any(|one| one.route.as_ref() == Some(&route));
        if !is_taken && desk.reading.repository.below(&folder).next().is_none() {
            return Ok((folder, route));
        }
    }
    Err(format!("the routes /api/{} are taken", names.join(" and /api/")))
}

/// `getPrice` without its verb.
pub(super) fn bare(name: &str) -> &str {
    let verbs = ["get", "list", "fetch", "load", "find"];
    let rest = verbs.iter().find_map(|verb| name.strip_prefix(verb));
    rest.filter(|rest| rest.starts_with(|first: char| first.is_uppercase())).unwrap_or(name)
}

/// `orderStatus` as `order-status`.
pub(super) fn kebab(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars().filter(char::is_ascii_alphanumeric) {
        if letter.is_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

impl Parameter {
    fn is(&self, written: &str) -> bool {
        self.written.as_deref().is_some_and(|own| own.contains(written))
    }

    /// Its type without `undefined` and `null`.
    fn bare_type(&self) -> &str {
        let written = self.written.as_deref().unwrap_or_default();
        let parts: Vec<&str> = written.split('|').map(str::trim).collect();
        match parts.as_slice() {
            [one] | [one, "undefined" | "null"] => one,
            _ => written,
        }
    }

    fn may_be(&self, what: &str) -> bool {
        self.written.as_deref().is_some_and(|written| written.split('|').any(|part| part.trim() == what))
    }

    fn is_optional(&self) -> bool {
        self.may_be_missing || self.may_be("undefined")
    }

    /// Whether a query can carry it as text and back.
    fn is_plain(&self) -> bool {
        ["string", "number", "boolean"].contains(&self.bare_type())
    }

    /// The expression that reads it from the query.
    fn arguments_of_query(&self) -> String {
        let get = format!("asked.get(\"{}\")", self.name);
        let missing = if self.may_be("null") { "null" } else { "undefined" };
        let or_missing = |value: String| {
            if self.is_optional() || self.may_be("null") {
                format!("asked.has(\"{}\") ? {value} : {missing}", self.name)
            } else {
                value
            }
        };
        match self.bare_type() {
            "string" if self.may_be("null") => get,
            "string" if self.is_optional() => format!("{get} ?? undefined"),
            "string" => format!("{get} ?? \"\""),
            "number" => or_missing(format!("Number({get})")),
            "boolean" => or_missing(format!("{get} === \"true\"")),
            _ => format!("JSON.parse({get} ?? \"null\")"),
        }
    }

    /// As text for the query.
    fn to_query(&self) -> String {
        match self.bare_type() {
            "string" => self.name.clone(),
            "number" | "boolean" => format!("String({})", self.name),
            _ => format!("JSON.stringify({})", self.name),
        }
    }

    /// As it is declared again.
    fn declared(&self, style: Style) -> String {
        if !style.typed {
            return self.name.clone();
        }
        let optional = if self.may_be_missing { "?" } else { "" };
        format!("{}{optional}: {}", self.name, self.written.as_deref().unwrap_or("unknown"))
    }
}

fn route_code(exported: &str, read: &str, route: &str, callable: &Callable, style: Style) -> String {
    let params = &callable.params;
    let request = match (params.is_empty(), style.typed) {
        (true, _) => "",
        (false, true) => "request: Request",
        (false, false) => "request",
    };
    let answer = if style.typed { ": Promise<Response>" } else { "" };
    let mut code = format!(
        "// GET {route}: what the action {exported} read.\nimport {{ {exported} }} from \"{read}\";\n\nexport async function GET({request}){answer} {{\n"
    );
    code += &format!(
        "  // {TODO}auth: this is a public URL. Check here who may read it, as far as {exported} does not.\n"
    );
    if !params.is_empty() {
        let json = if params.iter().all(Parameter::is_plain) {
            ""
        } else {
            " JSON.parse throws at what is no JSON."
        };
        code += &format!("  // {TODO}arguments: anyone can send anything. Check {}.{json}\n", names(params));
        code += "  const asked = new URL(request.url).searchParams;\n";
    }
    let arguments: Vec<String> = params.iter().map(Parameter::arguments_of_query).collect();
    code += &format!("  const answer = await {exported}({});\n", arguments.join(", "));
    code += &format!(
        "  // {TODO}status codes: what it answers if there is nothing, or if the caller may not see it.\n"
    );
    code + "  return Response.json(answer, { headers: { \"cache-control\": \"private, no-cache\" } });\n}\n"
}

fn client_code(exported: &str, read: &str, url: &str, callable: &Callable, style: Style) -> String {
    let params = &callable.params;
    let declared: Vec<String> = params.iter().map(|param| param.declared(style)).collect();
    let import = if style.typed {
        format!("import type {{ {exported} as read }} from \"{read}\";\n\n")
    } else {
        String::new()
    };
    let answer = if style.typed { ": Promise<Awaited<ReturnType<typeof read>>>" } else { "" };
    let mut code = format!(
        "// Asks GET {url} in place of the action {exported}: fetches of one browser run in parallel, its actions never do.\n{import}export async function {exported}({}){answer} {{\n",
        declared.join(", ")
    );
    let mut address = format!("\"{url}\"");
    if params.iter().any(|param| param.is_optional() || param.may_be("null")) {
        code += "  const query = new URLSearchParams();\n";
        for param in params {
            let set = format!("query.set(\"{}\", {});\n", param.name, param.to_query());
            let guard = if param.is_optional() || param.may_be("null") {
                format!("if ({} != null) ", param.name)
            } else {
                String::new()
            };
            code += &format!("  {guard}{set}");
        }
        address = format!("`{url}?${{query}}`");
    } else if !params.is_empty() {
        let pairs: Vec<String> = params
            .iter()
            .map(|param| {
                let value = param.to_query();
                if value == param.name { value } else { format!("{}: {value}", param.name) }
            })
            .collect();
        address = format!("`{url}?${{new URLSearchParams({{ {} }})}}`", pairs.join(", "));
    }
    code += &format!("  const response = await fetch({address});\n");
    code += &format!("  // {TODO}status codes: decide what callers get when the route refuses.\n");
    code += &format!("  if (!response.ok) throw new Error(`GET {url} answered ${{response.status}}`);\n");
    if !is_json(callable.answer.as_deref()) {
        code += &format!(
            "  // {TODO}types: JSON carries no Date, Map, Set, bigint or undefined. Check what {exported} returns.\n"
        );
    }
    code + "  return response.json();\n}\n"
}

fn names(params: &[Parameter]) -> String {
    let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(", "),
    }
}

/// Whether JSON carries all of a type, as far as its text tells.
fn is_json(written: Option<&str>) -> bool {
    let Some(written) = written else { return false };
    let words = written.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words = words.filter(|word| !["Promise", "Array", "readonly"].contains(word));
    words.all(|word| ["string", "number", "boolean", "null"].contains(&word)) && !written.contains('{')
}
