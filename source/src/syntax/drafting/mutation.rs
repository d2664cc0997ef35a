//! A route's handler as the body of an action, and a request to it as a call of that action. Only what means the same in both is
//! taken over; everything else is named as what stands in the way.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression, ObjectExpression, ObjectPropertyKind, Statement};
use oxc_span::GetSpan;

use super::super::exports::name_of;
use super::super::tree::{At, Binding, callee};
use super::file::{SourceFile, range};
use super::functions::FunctionParts;
use crate::draft::edit::{Edit, apply};

/// The name of the argument that was the request's body.
const INPUT: &str = "input";
/// Settings of a route that an action takes from its page.
const SETTINGS: [&str; 2] = ["runtime", "maxDuration"];

/// A handler's code as an action has it.
pub(crate) struct TakenOver {
    /// The body with its braces.
    pub(crate) body: String,
    /// The type of the request's body, if the handler reads it; an empty text where none is written.
    pub(crate) input: Option<String>,
    /// What it imports: the clause (`{ a as b }`), and the module as the route's file names it.
    pub(crate) imports: Vec<(String, String)>,
}

impl<'a> SourceFile<'_, 'a> {
    /// The body of the handler of a method, as an action; with a call before it ends. Errors name the line and what stands there.
    pub(crate) fn taken_over(&self, method: &str, last: Option<&str>) -> Result<TakenOver, String> {
        let Some(parts) = self.exported_function(method).filter(|parts| !parts.is_expression) else {
            return Err(format!(": {method} is not a function that is written in its export"));
        };
        if let Some(setting) = SETTINGS.iter().find(|name| self.tree.resolve(name, 0).is_some()) {
            return Err(format!(": its `{setting}` holds for the route only"));
        }
        let mut edits = Vec::new();
        let input = self.request_body(&parts, &mut edits)?;
        let answers = self.answers(&parts, &mut edits)?;
        let imports = self.needed(&parts, &answers)?;
        if let Some(call) = last {
            edits.push(self.before_end(&parts, &answers, call)?);
        }
        let body = range(parts.body.span);
        let inner: Vec<Edit> = edits
            .into_iter()
            .map(|edit| Edit::replace(edit.span.start - body.start..edit.span.end - body.start, edit.text))
            .collect();
        let body = apply(self.slice(body), &inner).ok_or(": two parts of the draft change the same code")?;
        Ok(TakenOver { body, input, imports })
    }

    /// `await request.json()` becomes the argument; its type, if it is read at all.
    fn request_body(
        &self,
        parts: &FunctionParts<'a>,
        edits: &mut Vec<Edit>,
    ) -> Result<Option<String>, String> {
        let params = self.parameters(parts.params);
        let name = match params.as_deref() {
            Some([]) => return Ok(None),
            Some([one]) => one.name.clone(),
            _ => return Err(format!("{}it takes more than the request", self.at(parts.at))),
        };
        if self.names().contains(INPUT) {
            return Err(format!(": the name {INPUT} is taken"));
        }
        let mut read = None;
        for (at, kind) in self.within(parts) {
            if !matches!(kind, AstKind::IdentifierReference(id) if id.name == name.as_str()) {
                continue;
            }
            let awaited = self.awaited_json(at).filter(|_| self.tree.function(at) == parts.at);
            let awaited = awaited.ok_or_else(|| {
                let around = self.slice(self.span(self.tree.parent(at))).lines().next().unwrap_or_default();
                format!("{}`{around}` needs the request", self.at(at))
            })?;
            let written = match self.tree.kind(self.tree.parent(awaited)) {
                AstKind::TSAsExpression(cast) => self.slice(range(cast.type_annotation.span())).to_owned(),
                AstKind::VariableDeclarator(found) => found
                    .type_annotation
                    .as_ref()
                    .map_or_else(String::new, |one| self.slice(range(one.type_annotation.span())).to_owned()),
                _ => String::new(),
            };
            edits.push(Edit::replace(self.span(awaited), INPUT));
            if read.replace(written).is_some() {
                return Err(format!("{}the request is read twice", self.at(at)));
            }
        }
        Ok(read)
    }

    /// The `await` of `await request.json()`, from its `request`.
    fn awaited_json(&self, request: At) -> Option<At> {
        let member = self.tree.parent(request);
        let call = self.tree.parent(member);
        let awaited = self.tree.parent(call);
        match (self.tree.kind(member), self.tree.kind(call), self.tree.kind(awaited)) {
            (
                AstKind::StaticMemberExpression(found),
                AstKind::CallExpression(of),
                AstKind::AwaitExpression(_),
            ) if found.property.name == "json"
                && of.arguments.is_empty()
                && range(of.callee.span()) == self.span(member) =>
            {
                Some(awaited)
            }
            _ => None,
        }
    }

    /// `return Response.json(x)` becomes `return x`; the spans of what was called.
    fn answers(&self, parts: &FunctionParts<'a>, edits: &mut Vec<Edit>) -> Result<Vec<At>, String> {
        let mut answers = Vec::new();
        for (at, kind) in self.within(parts) {
            let AstKind::ReturnStatement(found) = kind else { continue };
            if self.tree.function(at) != parts.at {
                continue;
            }
            let refused = |why: &str| format!("{}{why}", self.at(at));
            let Some(Expression::CallExpression(call)) = &found.argument else {
                return Err(refused("it answers with something else than Response.json(..)"));
            };
            let is_json =
                matches!(callee(call), (Some(of), Some("json")) if of == "Response" || of == "NextResponse");
            let [only] = &call.arguments[..] else {
                return Err(refused("it sets a status code or headers of its answer"));
            };
            let value = only.as_expression().filter(|_| is_json);
            let value =
                value.ok_or_else(|| refused("it answers with something else than Response.json(..)"))?;
            let (whole, value) = (range(call.span), range(value.span()));
            edits.push(Edit::remove(whole.start..value.start));
            edits.push(Edit::remove(value.end..whole.end));
            answers.push(at);
        }
        Ok(answers)
    }

    /// What the body takes of other modules; an error if it takes something of its own.
    fn needed(&self, parts: &FunctionParts<'a>, answers: &[At]) -> Result<Vec<(String, String)>, String> {
        let outside = self.tree.parent(parts.at);
        let mut imports: Vec<(String, String)> = Vec::new();
        for (at, kind) in self.within(parts) {
            let AstKind::IdentifierReference(id) = kind else { continue };
            let name = id.name.as_str();
            let binding = self.tree.resolve(name, at);
            let is_answer = ["Response", "NextResponse"].contains(&name);
            if is_answer {
                // `return` > call > member > name
                let statement = self.tree.parent(self.tree.parent(self.tree.parent(at)));
                let is_known = matches!(
                    (name, binding),
                    ("Response", None) | ("NextResponse", Some(Binding::Import(_)))
                );
                if !answers.contains(&statement) || !is_known {
                    return Err(format!(
                        "{}it makes a {name} that it does not return right away",
                        self.at(at)
                    ));
                }
                continue;
            }
            match binding {
                None => {}
                Some(Binding::Import(specifier)) => {
                    let import = self.import_of(specifier).ok_or_else(|| self.at(at))?;
                    if import.1 == "next/navigation" {
                        return Err(format!("{}{name} means something else in an action", self.at(at)));
                    }
                    if !imports.contains(&import) {
                        imports.push(import);
                    }
                }
                Some(_) if self.tree.resolve(name, outside) == binding => {
                    return Err(format!("{}it needs {name}, which only this file has", self.at(at)));
                }
                Some(_) => {}
            }
        }
        Ok(imports)
    }

    /// The clause of an imported name, and its module.
    fn import_of(&self, specifier: At) -> Option<(String, String)> {
        let import = self.import_around(specifier)?;
        let kind = if import.import_kind.is_type() { "type " } else { "" };
        let clause = match self.tree.kind(specifier) {
            AstKind::ImportSpecifier(one) => {
                let (own, local) = (name_of(&one.imported), one.local.name.as_str());
                let inner = if one.import_kind.is_type() { "type " } else { "" };
                let name = if own == local { own } else { format!("{own} as {local}") };
                format!("{kind}{{ {inner}{name} }}")
            }
            AstKind::ImportDefaultSpecifier(one) => format!("{kind}{}", one.local.name),
            AstKind::ImportNamespaceSpecifier(one) => format!("{kind}* as {}", one.local.name),
            _ => return None,
        };
        Some((clause, import.source.value.to_string()))
    }

    /// A call before the only end of the handler.
    fn before_end(&self, parts: &FunctionParts<'a>, answers: &[At], call: &str) -> Result<Edit, String> {
        let (Some(Statement::ReturnStatement(last)), [_]) = (parts.body.statements.last(), answers) else {
            return Err(format!(
                "{}it ends at several places, and each is to show the page",
                self.at(parts.at)
            ));
        };
        let start = range(last.span).start;
        let end = if self.has_semicolons() { ";" } else { "" };
        Ok(Edit::insert(start, format!("{call}{end}{}{}", self.newline(), self.indent(start))))
    }

    fn within(&self, parts: &FunctionParts<'a>) -> impl Iterator<Item = (At, AstKind<'a>)> {
        let body = range(parts.body.span);
        self.tree.all().filter(move |(at, _)| {
            let span = self.span(*at);
            body.start <= span.start && span.end <= body.end
        })
    }

    /// `await fetch("/api/x", {..})` on a line becomes `await name(value)`, and the refresh after it goes.
    pub(crate) fn asks_action(
        &self,
        line: u32,
        name: &str,
        from: &str,
        has_input: bool,
    ) -> Result<Vec<Edit>, String> {
        let mut calls = self.tree.all().filter_map(|(at, kind)| match kind {
            AstKind::CallExpression(call)
                if self.tree.line(at) == line
                    && callee(call) == (None, Some("fetch"))
                    && self.tree.resolve("fetch", at).is_none() =>
            {
                Some((at, call))
            }
            _ => None,
        });
        let (Some((at, call)), None) = (calls.next(), calls.next()) else {
            return Err(format!(":{line}: not exactly one fetch begins here"));
        };
        let awaited = self.tree.parent(at);
        let is_bare = matches!(self.tree.kind(self.tree.parent(awaited)), AstKind::ExpressionStatement(_));
        if !matches!(self.tree.kind(awaited), AstKind::AwaitExpression(_)) || !is_bare {
            return Err(format!(
                "{}it reads what the route answers, its status code perhaps, or does not wait for it",
                self.at(at)
            ));
        }
        let value = self.sent(call).map_err(|why| format!("{}{why}", self.at(at)))?;
        if value.is_some() != has_input {
            return Err(format!("{}what it sends is not what the route reads", self.at(at)));
        }
        if self.names().contains(name) {
            return Err(format!(": the name {name} is taken"));
        }
        let refreshing = self.drop_after(&[at]);
        if let Some(why) = refreshing.left.first() {
            return Err(why.clone());
        }
        let mut edits = refreshing.edits;
        edits.push(Edit::replace(range(call.span), format!("{name}({})", value.unwrap_or_default())));
        edits.push(self.first_import(&format!("{{ {name} }}"), from));
        Ok(edits)
    }

    /// What a request sends as JSON; an error if it says more than an action's call can.
    fn sent(&self, call: &CallExpression<'a>) -> Result<Option<String>, String> {
        let [Argument::StringLiteral(_), Argument::ObjectExpression(options)] = &call.arguments[..] else {
            return Err("its URL or its options are put together elsewhere".to_owned());
        };
        let mut value = None;
        for (name, given) in properties(options)? {
            match (name.as_str(), given) {
                ("method", _) => {}
                ("headers", Expression::ObjectExpression(headers)) => {
                    for (header, _) in properties(headers)? {
                        if !header.eq_ignore_ascii_case("content-type") {
                            return Err(format!("it sends the header {header}"));
                        }
                    }
                }
                ("body", Expression::CallExpression(json)) => {
                    let is_json = matches!(callee(json), (Some(of), Some("stringify")) if of == "JSON");
                    let [one] = &json.arguments[..] else {
                        return Err("its body is no plain JSON.stringify(value)".to_owned());
                    };
                    if !is_json || one.is_spread() {
                        return Err("its body is no plain JSON.stringify(value)".to_owned());
                    }
                    value = Some(self.slice(range(one.span())).to_owned());
                }
                ("body", _) => return Err("its body is no plain JSON.stringify(value)".to_owned()),
                (other, _) => return Err(format!("its option `{other}` has no meaning for an action")),
            }
        }
        Ok(value)
    }

    /// A new import before all others, where it does not touch what goes.
    fn first_import(&self, what: &str, from: &str) -> Edit {
        let AstKind::Program(program) = self.tree.kind(0) else { return self.add_import(what, from) };
        let first = program.body.iter().find_map(|statement| match statement {
            Statement::ImportDeclaration(import) => Some(range(import.span).start),
            _ => None,
        });
        let Some(first) = first else { return self.add_import(what, from) };
        let (quote, end) = (self.quote(), if self.has_semicolons() { ";" } else { "" });
        Edit::insert(first, format!("import {what} from {quote}{from}{quote}{end}{}", self.newline()))
    }
}

/// The properties of an object that are written with their names.
fn properties<'b, 'a>(object: &'b ObjectExpression<'a>) -> Result<Vec<(String, &'b Expression<'a>)>, String> {
    let one = |property: &'b ObjectPropertyKind<'a>| {
        let ObjectPropertyKind::ObjectProperty(found) = property else { return None };
        let name = found.key.static_name().filter(|_| !found.computed && !found.method)?;
        Some((name.into_owned(), &found.value))
    };
    let all: Option<Vec<_>> = object.properties.iter().map(one).collect();
    all.ok_or_else(|| "its options are put together elsewhere".to_owned())
}
