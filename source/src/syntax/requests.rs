//! Calls with a URL: `fetch` and its relatives, links and forms, and functions of the app's own that take a URL.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, CallExpression, Expression, JSXAttributeItem, JSXAttributeName, JSXAttributeValue,
    JSXElementName, JSXOpeningElement, ObjectExpression, ObjectPropertyKind,
};
use oxc_span::GetSpan;
use pointsman_store::How;

use super::clients::{base_of_client, verb_method};
use super::exports::name_of;
use super::methods::is_method;
use super::refresh::Refreshes;
use super::tree::{At, Binding, Tree, callee, dotted, inner};
use super::urls;
use crate::module::{Callee, Module, Request};
use crate::url::{BASE, Piece, Url};

/// Functions that take a path and ask nobody for it.
const NO_CALLS: [&str; 34] = [
    "startsWith",
    "endsWith",
    "includes",
    "indexOf",
    "match",
    "test",
    "exec",
    "replace",
    "replaceAll",
    "split",
    "join",
    "resolve",
    "has",
    "equal",
    "equals",
    "toBe",
    "toEqual",
    "describe",
    "it",
    "expect",
    "log",
    "info",
    "warn",
    "error",
    "debug",
    "revalidatePath",
    "revalidateTag",
    "require",
    "matcher",
    "isPathActive",
    "existsSync",
    "readFileSync",
    "readFile",
    "usePathname",
];

/// Properties that hold a URL which somebody else asks for.
const URL_PROPERTIES: [&str; 8] =
    ["url", "uri", "href", "src", "api", "endpoint", "uploadUrl", "apiEndpoint"];

pub(super) fn read<'a>(tree: &Tree<'a>, module: &mut Module) {
    let mut reader = Reader {
        tree,
        refreshes: Refreshes::of(tree),
        taken: HashSet::new(),
        found: Vec::new(),
        askers: BTreeMap::new(),
    };
    for (at, kind) in tree.all() {
        match kind {
            AstKind::CallExpression(call) => reader.known_call(at, call),
            AstKind::NewExpression(new)
                if dotted(&new.callee).is_some_and(|name| name.ends_with("EventSource")) =>
            {
                reader.push(at, new.arguments.first(), How::EventSource, Some("GET"));
            }
            AstKind::JSXOpeningElement(element) => reader.element(at, element),
            AstKind::AssignmentExpression(assignment) => {
                if let oxc_ast::ast::AssignmentTarget::StaticMemberExpression(target) = &assignment.left
                    && target.property.name == "href"
                    && dotted(&target.object).is_some_and(|name| name.ends_with("location"))
                {
                    let urls = urls::of(tree, &assignment.right, at);
                    reader.request(at, urls, How::Link, Some("GET"));
                }
            }
            _ => {}
        }
    }
    for (at, kind) in tree.all() {
        match kind {
            AstKind::CallExpression(call) => reader.helper(at, call),
            AstKind::ObjectProperty(property) if !property.method && !property.computed => {
                let known =
                    property.key.static_name().is_some_and(|name| URL_PROPERTIES.contains(&name.as_ref()));
                if known && is_written(&property.value) && !reader.is_taken(at) {
                    let urls = urls::of(tree, &property.value, at);
                    let method = match tree.kind(tree.parent(at)) {
                        AstKind::ObjectExpression(object) if self::property(object, "method").is_some() => {
                            reader.method_of(object, at)
                        }
                        _ => None,
                    };
                    reader.request(at, urls, How::Helper, method.as_deref());
                }
            }
            _ => {}
        }
    }
    module.requests = reader.found;
    module.askers = reader.askers;
}

struct Reader<'t, 'a> {
    tree: &'t Tree<'a>,
    refreshes: Refreshes<'a>,
    /// Calls whose first argument is a URL, and variables that hold one: what stands within is no call of its own.
    taken: HashSet<At>,
    found: Vec<Request>,
    /// Functions that ask for the URL that they are given first, with the method.
    askers: BTreeMap<String, String>,
}

impl<'a> Reader<'_, 'a> {
    fn request(&mut self, at: At, urls: Vec<Url>, how: How, method: Option<&str>) {
        let refreshes = self.refreshes.follow(self.tree, at);
        let method = method.map(str::to_ascii_uppercase);
        self.found.push(Request { callee: None, urls, method, how, line: self.tree.line(at), refreshes });
    }

    fn push(&mut self, at: At, argument: Option<&Argument<'a>>, how: How, method: Option<&str>) {
        self.taken.insert(at);
        let Some(url) = argument.and_then(Argument::as_expression) else { return };
        if self.is_given(url, at, method) {
            return;
        }
        if let Expression::Identifier(id) = inner(url)
            && let Some(Binding::Variable(declarator)) = self.tree.resolve(id.name.as_str(), at)
        {
            self.taken.insert(declarator);
        }
        let urls = urls::of(self.tree, url, at);
        self.request(at, urls, how, method);
    }

    /// Whether the URL is what a function around is given: its callers ask then, and that function is remembered.
    fn is_given(&mut self, url: &Expression<'a>, at: At, method: Option<&str>) -> bool {
        let Expression::Identifier(id) = inner(url) else { return false };
        let Some(Binding::Parameter(parameter)) = self.tree.resolve(id.name.as_str(), at) else {
            return false;
        };
        let function = self.tree.function(parameter);
        let first = match self.tree.kind(function) {
            AstKind::Function(found) => found.params.items.first().map(|first| first.span),
            AstKind::ArrowFunctionExpression(found) => found.params.items.first().map(|first| first.span),
            _ => None,
        };
        let is_first = first == Some(self.tree.kind(parameter).span());
        if let (true, Some(name), Some(method)) = (is_first, self.tree.name_of(function), method) {
            self.askers.entry(name.to_owned()).or_insert_with(|| method.to_owned());
        }
        true
    }

    /// The function of the app's own that a call calls.
    fn own_callee(&self, at: At, call: &CallExpression<'a>) -> Option<Callee> {
        let Expression::Identifier(id) = call.callee.get_inner_expression() else { return None };
        match self.tree.resolve(id.name.as_str(), at)? {
            Binding::Import(specifier) => {
                let AstKind::ImportDeclaration(import) = self.tree.kind(self.tree.parent(specifier)) else {
                    return None;
                };
                let name = match self.tree.kind(specifier) {
                    AstKind::ImportSpecifier(one) => name_of(&one.imported),
                    AstKind::ImportDefaultSpecifier(_) => "default".to_owned(),
                    _ => return None,
                };
                Some(Callee::Imported { source: import.source.value.to_string(), name })
            }
            Binding::Function(_) | Binding::Variable(_) => Some(Callee::Own(id.name.to_string())),
            _ => None,
        }
    }

    fn is_taken(&self, at: At) -> bool {
        self.tree.around(at).take(12).any(|(around, _)| self.taken.contains(&around))
    }

    fn known_call(&mut self, at: At, call: &'a CallExpression<'a>) {
        let first = call.arguments.first();
        let second = call.arguments.get(1).and_then(Argument::as_expression);
        let (object, name) = callee(call);
        let Some(name) = name else { return };
        let global = |name: &str| self.tree.resolve(name, at).is_none();
        match (object.as_deref(), name) {
            (None, "fetch") if global("fetch") => {
                let method = self.method(second, at);
                self.push(at, first, How::Fetch, method.as_deref());
            }
            (Some("window" | "globalThis" | "self" | "global"), "fetch") => {
                let method = self.method(second, at);
                self.push(at, first, How::Fetch, method.as_deref());
            }
            (None, "axios" | "ky" | "$fetch" | "ofetch") => self.client(at, call, name),
            (Some("axios" | "ky" | "$fetch" | "ofetch"), verb) => {
                let how = if object.as_deref() == Some("axios") { How::Axios } else { How::Ky };
                if let Some(method) = verb_method(verb) {
                    self.push(at, first, how, Some(method));
                }
            }
            (Some(_), "sendBeacon") => self.push(at, first, How::Beacon, Some("POST")),
            (_, "useSWRMutation") => self.push_written(at, first, How::Swr, None),
            (_, "useSWR" | "useSWRImmutable" | "useSWRInfinite" | "useSWRSubscription") => {
                self.push_written(at, first, How::Swr, Some("GET"));
            }
            // Also `mutatePrefix` and the like.
            (None, _)
                if (name.starts_with("mutate") && name != "mutateAsync")
                    || name == "globalMutate"
                    || name == "preload" =>
            {
                self.push_written(at, first, How::Mutate, Some("GET"));
            }
            (_, "useQuery" | "useSuspenseQuery" | "useInfiniteQuery" | "usePrefetchQuery") => {
                self.query(at, first);
            }
            (Some(object), "push" | "replace" | "prefetch") if object.ends_with("outer") => {
                self.push_written(at, first, How::Link, Some("GET"));
            }
            (Some(object), "assign" | "replace") if object.ends_with("location") => {
                self.push_written(at, first, How::Link, Some("GET"));
            }
            (Some("window"), "open")
            | (None, "redirect" | "permanentRedirect")
            | (Some("NextResponse"), "redirect") => {
                self.push_written(at, first, How::Link, Some("GET"));
            }
            (Some(object), verb) if !object.contains('.') => self.client_method(at, call, object, verb),
            _ => {}
        }
    }

    /// Only if something of the URL is known: these functions have other uses.
    fn push_written(&mut self, at: At, argument: Option<&Argument<'a>>, how: How, method: Option<&str>) {
        let Some(url) = argument.and_then(Argument::as_expression) else { return };
        if urls::of(self.tree, url, at).iter().any(urls::has_text) {
            self.push(at, argument, how, method);
        }
    }

    /// `axios(url, { method })`, `axios({ url, method })`, `ky(url, { method })`.
    fn client(&mut self, at: At, call: &'a CallExpression<'a>, name: &str) {
        let how = if name == "axios" { How::Axios } else { How::Ky };
        let first = call.arguments.first();
        match first.and_then(Argument::as_expression).map(inner) {
            Some(Expression::ObjectExpression(options)) => {
                let method = self.method_of(options, at);
                self.taken.insert(at);
                let urls =
                    property(options, "url").map(|url| urls::of(self.tree, url, at)).unwrap_or_default();
                self.request(at, urls, how, method.as_deref());
            }
            _ => {
                let method = self.method(call.arguments.get(1).and_then(Argument::as_expression), at);
                self.push(at, first, how, method.as_deref());
            }
        }
    }

    /// `api.get("/x")`, where `api` is a client with a base of its own, here or in another module.
    fn client_method(&mut self, at: At, call: &'a CallExpression<'a>, object: &str, verb: &str) {
        let Some(method) = verb_method(verb) else { return };
        let Some(url) = call.arguments.first().and_then(Argument::as_expression) else { return };
        let base = match self.tree.resolve(object, at) {
            Some(Binding::Variable(declarator)) => {
                let init = self.tree.variable(object, at).and_then(|(_, found)| found.init.as_ref());
                let Some(Expression::CallExpression(made)) = init.map(Expression::get_inner_expression)
                else {
                    return;
                };
                let Some(base) = base_of_client(self.tree, made, declarator) else { return };
                base
            }
            Some(Binding::Import(specifier)) => {
                let AstKind::ImportDeclaration(import) = self.tree.kind(self.tree.parent(specifier)) else {
                    return;
                };
                let name = match self.tree.kind(specifier) {
                    AstKind::ImportSpecifier(one) => name_of(&one.imported),
                    AstKind::ImportDefaultSpecifier(_) => "default".to_owned(),
                    _ => return,
                };
                let name = format!("{name}.{BASE}");
                vec![vec![Piece::Constant { source: import.source.value.to_string(), name }]]
            }
            _ => return,
        };
        let mut urls = Vec::new();
        for end in urls::of(self.tree, url, at).into_iter().filter(urls::has_text) {
            urls.extend(base.iter().map(|start| start.iter().chain(&end).cloned().collect::<Url>()));
        }
        if !urls.is_empty() {
            self.taken.insert(at);
            self.request(at, urls, How::Helper, Some(method));
        }
    }

    /// The key of a query that has no function of its own: the default one asks for its first part.
    fn query(&mut self, at: At, argument: Option<&Argument<'a>>) {
        let Some(Expression::ObjectExpression(options)) =
            argument.and_then(Argument::as_expression).map(inner)
        else {
            return;
        };
        if property(options, "queryFn").is_some() {
            return;
        }
        let Some(key) = property(options, "queryKey") else { return };
        let urls = urls::of(self.tree, key, at);
        if urls.iter().any(|url| matches!(url.first(), Some(Piece::Text(text)) if text.starts_with('/'))) {
            self.taken.insert(at);
            self.request(at, urls, How::Query, Some("GET"));
        }
    }

    fn element(&mut self, at: At, element: &'a JSXOpeningElement<'a>) {
        let tag = match &element.name {
            JSXElementName::Identifier(name) => name.name.as_str(),
            _ => "",
        };
        let attributes = || {
            element.attributes.iter().filter_map(|item| match item {
                JSXAttributeItem::Attribute(attribute) => match &attribute.name {
                    JSXAttributeName::Identifier(name) => {
                        Some((name.name.as_str(), attribute.value.as_ref()?))
                    }
                    JSXAttributeName::NamespacedName(_) => None,
                },
                JSXAttributeItem::SpreadAttribute(_) => None,
            })
        };
        for (name, value) in attributes() {
            let (how, method) = match name {
                "action" | "formAction" => {
                    let method = attributes().find(|(name, _)| ["method", "formMethod"].contains(name));
                    let method = method.map(|(_, value)| match value {
                        JSXAttributeValue::StringLiteral(text) => Some(text.value.to_string()),
                        _ => None,
                    });
                    (How::Form, method.unwrap_or_else(|| Some("GET".to_owned())))
                }
                "href" | "src" | "srcSet" | "poster" => (How::Link, Some("GET".to_owned())),
                // `<Upload endpoint="/api/upload">`: a component that asks by itself.
                _ if tag.is_empty() && !["className", "id", "key", "path", "pathname"].contains(&name) => {
                    (How::Helper, None)
                }
                _ => continue,
            };
            let urls = match value {
                JSXAttributeValue::StringLiteral(text) => vec![vec![Piece::Text(text.value.to_string())]],
                JSXAttributeValue::ExpressionContainer(container) => {
                    match container.expression.as_expression() {
                        Some(expression) if how != How::Helper || is_written(expression) => {
                            urls::of(self.tree, expression, at)
                        }
                        _ => continue,
                    }
                }
                _ => continue,
            };
            if urls.iter().any(urls::has_text) {
                let line = match value {
                    JSXAttributeValue::StringLiteral(text) => self.tree.line_of(text.span.start),
                    JSXAttributeValue::ExpressionContainer(container) => {
                        self.tree.line_of(container.span.start)
                    }
                    _ => self.tree.line(at),
                };
                let method = method.map(|method| method.to_ascii_uppercase());
                self.found.push(Request { callee: None, urls, method, how, line, refreshes: false });
            }
        }
    }

    /// Any other function that is given a path first.
    fn helper(&mut self, at: At, call: &'a CallExpression<'a>) {
        let (_, name) = callee(call);
        let Some(name) = name else { return };
        if self.taken.contains(&at) || NO_CALLS.contains(&name) || self.is_taken(at) {
            return;
        }
        let Some(url) = call.arguments.first().and_then(Argument::as_expression) else { return };
        if !is_written(url) {
            if let Some(method) = verb_method(name) {
                self.is_given(url, at, Some(method));
            }
            return;
        }
        let urls = urls::of(self.tree, url, at);
        if !urls.iter().any(|url| matches!(url.first(), Some(Piece::Text(text)) if text.starts_with('/'))) {
            return;
        }
        let by_option = call.arguments.iter().skip(1).filter_map(Argument::as_expression).find_map(
            |argument| match inner(argument) {
                Expression::ObjectExpression(options) if property(options, "method").is_some() => {
                    self.method_of(options, at)
                }
                _ => None,
            },
        );
        let method = by_option.or_else(|| verb_method(name).map(str::to_owned));
        let callee = if method.is_none() { self.own_callee(at, call) } else { None };
        self.request(at, urls, How::Helper, method.as_deref());
        if let Some(request) = self.found.last_mut() {
            request.callee = callee;
        }
    }

    /// The method that the options of `fetch` name; GET without any.
    fn method(&self, options: Option<&Expression<'a>>, at: At) -> Option<String> {
        let Some(options) = options else { return Some("GET".to_owned()) };
        match inner(options) {
            Expression::ObjectExpression(object) => self.method_of(object, at),
            Expression::Identifier(id) if id.name == "undefined" => Some("GET".to_owned()),
            Expression::Identifier(id) => {
                let (declarator, found) = self.tree.variable(id.name.as_str(), at)?;
                match inner(found.init.as_ref()?) {
                    Expression::ObjectExpression(object) => self.method_of(object, declarator),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn method_of(&self, options: &ObjectExpression<'a>, at: At) -> Option<String> {
        let Some(method) = property(options, "method") else {
            let spread =
                options.properties.iter().any(|one| matches!(one, ObjectPropertyKind::SpreadProperty(_)));
            return (!spread).then(|| "GET".to_owned());
        };
        let urls = urls::of(self.tree, method, at);
        let [url] = &urls[..] else { return None };
        let [Piece::Text(text)] = &url[..] else { return None };
        Some(text.to_ascii_uppercase()).filter(|method| is_method(method))
    }
}

/// Text, or something that is put together of text here.
fn is_written(expression: &Expression) -> bool {
    match inner(expression) {
        Expression::StringLiteral(text) => text.value.starts_with('/'),
        Expression::TemplateLiteral(_) => true,
        Expression::BinaryExpression(binary) => is_written(&binary.left),
        Expression::ConditionalExpression(condition) => {
            is_written(&condition.consequent) || is_written(&condition.alternate)
        }
        _ => false,
    }
}

pub(super) fn property<'b, 'a>(object: &'b ObjectExpression<'a>, name: &str) -> Option<&'b Expression<'a>> {
    object.properties.iter().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) if property.key.is_specific_static_name(name) => {
            Some(&property.value)
        }
        _ => None,
    })
}
