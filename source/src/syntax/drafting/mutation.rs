//! A route's handler as the body of an action. Only what means the same in both is taken over; everything else is named as what
//! stands in the way. What becomes of the places that ask the route is in `call_sites`.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression, NewExpression, ObjectExpression, Statement};
use oxc_span::GetSpan;

use super::super::exports::name_of;
use super::super::tree::{At, Binding, callee};
use super::call_sites::properties;
use super::file::{SourceFile, range};
use super::functions::FunctionParts;
use crate::draft::edit::{Edit, apply};

/// The name of the argument that was the request's body.
const INPUT: &str = "input";
/// Settings of a route that an action takes from its page.
const SETTINGS: [&str; 2] = ["runtime", "maxDuration"];

/// What a handler takes and gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exchange {
    /// JSON both ways, asked for by `fetch`.
    Json,
    /// A form that is sent, and a redirect.
    Form,
}

impl Exchange {
    /// The method of the request that reads its body.
    const fn reader(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Form => "formData",
        }
    }
}

/// A handler's code as an action has it.
pub(crate) struct TakenOver {
    /// The body with its braces.
    pub(crate) body: String,
    /// The type of the request's body, if the handler reads it; an empty text where none is written.
    pub(crate) input: Option<String>,
    /// What it imports: the clause (`{ a as b }`), and the module as the route's file names it.
    pub(crate) imports: Vec<(String, String)>,
    /// Whether an answer has a status code of its own, which an action's cannot have.
    pub(crate) sets_status: bool,
}

impl<'a> SourceFile<'_, 'a> {
    /// The body of the handler of a method, as an action; with a call before it ends. Errors name the line and what stands there.
    pub(crate) fn taken_over(
        &self,
        method: &str,
        exchange: Exchange,
        last: Option<&str>,
    ) -> Result<TakenOver, String> {
        let Some(parts) = self.exported_function(method).filter(|parts| !parts.is_expression) else {
            return Err(format!(": {method} is not a function that is written in its export"));
        };
        if let Some(setting) = SETTINGS.iter().find(|name| self.tree.resolve(name, 0).is_some()) {
            return Err(format!(": its `{setting}` holds for the route only"));
        }
        let mut edits = Vec::new();
        let input = self.request_body(&parts, exchange, &mut edits)?;
        let answers = self.answers(&parts, exchange, &mut edits)?;
        let imports = self.needed(&parts, &answers)?;
        if let Some(call) = last {
            edits.extend(self.before_ends(&parts, &answers.ends, call)?);
        }
        let body = range(parts.body.span);
        let inner: Vec<Edit> = edits
            .into_iter()
            .map(|edit| Edit::replace(edit.span.start - body.start..edit.span.end - body.start, edit.text))
            .collect();
        let body = apply(self.slice(body), &inner).ok_or(": two parts of the draft change the same code")?;
        Ok(TakenOver { body, input, imports, sets_status: answers.sets_status })
    }

    /// `await request.json()` or `.formData()` becomes the argument; its type, if it is read at all.
    fn request_body(
        &self,
        parts: &FunctionParts<'a>,
        exchange: Exchange,
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
            if exchange == Exchange::Form && self.is_base_of_redirect(at) {
                continue;
            }
            let awaited = self.awaited_body(at, exchange).filter(|_| self.tree.function(at) == parts.at);
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

    /// Whether this `request` is that of `new URL("/path", request.url)`.
    fn is_base_of_redirect(&self, request: At) -> bool {
        let member = self.tree.parent(request);
        let is_url = matches!(self.tree.kind(member), AstKind::StaticMemberExpression(one) if one.property.name == "url");
        is_url
            && matches!(self.tree.kind(self.tree.parent(member)), AstKind::NewExpression(made) if own_path(made).is_some())
    }

    /// The `await` of `await request.json()`, from its `request`.
    fn awaited_body(&self, request: At, exchange: Exchange) -> Option<At> {
        let member = self.tree.parent(request);
        let call = self.tree.parent(member);
        let awaited = self.tree.parent(call);
        match (self.tree.kind(member), self.tree.kind(call), self.tree.kind(awaited)) {
            (
                AstKind::StaticMemberExpression(found),
                AstKind::CallExpression(of),
                AstKind::AwaitExpression(_),
            ) if found.property.name == exchange.reader()
                && of.arguments.is_empty()
                && range(of.callee.span()) == self.span(member) =>
            {
                Some(awaited)
            }
            _ => None,
        }
    }

    /// `return Response.json(x)` becomes `return x`, and a redirect after a form one of an action.
    fn answers(
        &self,
        parts: &FunctionParts<'a>,
        exchange: Exchange,
        edits: &mut Vec<Edit>,
    ) -> Result<Answers, String> {
        let mut answers = Answers { ends: Vec::new(), sets_status: false };
        for (at, kind) in self.within(parts) {
            let AstKind::ReturnStatement(found) = kind else { continue };
            if self.tree.function(at) != parts.at {
                continue;
            }
            let refused = |why: &str| format!("{}{why}", self.at(at));
            let call = match &found.argument {
                Some(Expression::CallExpression(call)) => call,
                _ => return Err(refused(exchange.expected())),
            };
            match exchange {
                Exchange::Json => {
                    let (value, sets_status) = json_answer(call).map_err(refused)?;
                    let (whole, value) = (range(call.span), range(value.span()));
                    edits.push(Edit::remove(whole.start..value.start));
                    edits.push(Edit::remove(value.end..whole.end));
                    answers.sets_status |= sets_status;
                }
                Exchange::Form => {
                    let tried = self.tree.around(at).take_while(|(around, _)| *around != parts.at);
                    if tried.into_iter().any(|(_, kind)| matches!(kind, AstKind::TryStatement(_))) {
                        return Err(refused("a redirect of an action does not get out of a try"));
                    }
                    let path = redirect_answer(call).ok_or_else(|| refused(exchange.expected()))?;
                    let quote = self.quote();
                    edits.push(Edit::replace(range(call.span), format!("redirect({quote}{path}{quote})")));
                }
            }
            answers.ends.push(at);
        }
        Ok(answers)
    }

    /// What the body takes of other modules; an error if it takes something of its own.
    fn needed(&self, parts: &FunctionParts<'a>, answers: &Answers) -> Result<Vec<(String, String)>, String> {
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
                if !answers.ends.contains(&statement) || !is_known {
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

    /// A call before each end of the handler.
    fn before_ends(&self, parts: &FunctionParts<'a>, ends: &[At], call: &str) -> Result<Vec<Edit>, String> {
        if !matches!(parts.body.statements.last(), Some(Statement::ReturnStatement(_))) {
            return Err(format!("{}it does not end with an answer", self.at(parts.at)));
        }
        let end = if self.has_semicolons() { ";" } else { "" };
        let before = |at: &At| {
            let span = self.span(*at);
            if matches!(self.tree.kind(self.tree.parent(*at)), AstKind::IfStatement(_)) {
                let lines = (self.newline(), self.indent(span.start));
                let open = format!("{{{0}{1}  {call}{end}{0}{1}  ", lines.0, lines.1);
                return [
                    Edit::insert(span.start, open),
                    Edit::insert(span.end, format!("{0}{1}}}", lines.0, lines.1)),
                ];
            }
            let text = format!("{call}{end}{}{}", self.newline(), self.indent(span.start));
            [Edit::insert(span.start, text), Edit::insert(span.end, "")]
        };
        Ok(ends.iter().flat_map(before).filter(|edit| !edit.text.is_empty()).collect())
    }

    fn within(&self, parts: &FunctionParts<'a>) -> impl Iterator<Item = (At, AstKind<'a>)> {
        let body = range(parts.body.span);
        self.tree.all().filter(move |(at, _)| {
            let span = self.span(*at);
            body.start <= span.start && span.end <= body.end
        })
    }
}

/// The ends of a handler that answer, and what their answers have.
struct Answers {
    ends: Vec<At>,
    sets_status: bool,
}

impl Exchange {
    /// What is wrong with an answer of another kind.
    const fn expected(self) -> &'static str {
        match self {
            Self::Json => "it answers with something else than Response.json(..)",
            Self::Form => {
                "it answers a form with something else than a redirect to a path of the app by 302 or 303"
            }
        }
    }
}

/// The value of `Response.json(value)`, and whether a status code is set with it; headers have no place in an action's answer.
fn json_answer<'b, 'a>(call: &'b CallExpression<'a>) -> Result<(&'b Expression<'a>, bool), &'static str> {
    if !is_answer(call, "json") {
        return Err(Exchange::Json.expected());
    }
    let (value, options) = match &call.arguments[..] {
        [value] => (value, None),
        [value, options] => (value, options.as_expression()),
        _ => return Err(Exchange::Json.expected()),
    };
    let value = value.as_expression().ok_or(Exchange::Json.expected())?;
    match options {
        None if call.arguments.len() == 1 => Ok((value, false)),
        Some(Expression::ObjectExpression(options)) if is_status(options) => Ok((value, true)),
        _ => Err("it sets headers of its answer, or something that is put together elsewhere"),
    }
}

fn is_answer(call: &CallExpression, method: &str) -> bool {
    matches!(callee(call), (Some(of), Some(own)) if own == method && (of == "Response" || of == "NextResponse"))
}

/// `{ status: 400 }`.
fn is_status(options: &ObjectExpression) -> bool {
    properties(options)
        .is_ok_and(|all| matches!(&all[..], [(name, Expression::NumericLiteral(_))] if name == "status"))
}

/// The path of `Response.redirect(new URL("/path", request.url), 303)`. Without a status code `NextResponse` says 307, after which
/// browsers send the form again.
fn redirect_answer<'b>(call: &'b CallExpression) -> Option<&'b str> {
    let [Argument::NewExpression(made), Argument::NumericLiteral(status)] = &call.arguments[..] else {
        return None;
    };
    let goes_by_get = is_answer(call, "redirect") && [302.0, 303.0].contains(&status.value);
    own_path(made).filter(|_| goes_by_get)
}

/// The path of `new URL("/path", request.url)`.
fn own_path<'b>(made: &'b NewExpression) -> Option<&'b str> {
    let [Argument::StringLiteral(path), Argument::StaticMemberExpression(base)] = &made.arguments[..] else {
        return None;
    };
    let is_url =
        matches!(&made.callee, Expression::Identifier(id) if id.name == "URL") && base.property.name == "url";
    let path = path.value.as_str();
    let is_plain =
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['"', '\'', '\\', '\n']);
    (is_url && is_plain).then_some(path)
}
