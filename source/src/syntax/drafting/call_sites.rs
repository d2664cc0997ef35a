//! The places that ask a route, as calls of an action: a `fetch` and what is done with its answer, and the `action` of a form. Only
//! what means the same is rewritten; everything else is named with its line.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, CallExpression, Expression, JSXAttributeItem, JSXAttributeName, JSXAttributeValue,
    ObjectExpression, ObjectPropertyKind, Statement,
};
use oxc_span::GetSpan;

use super::super::tree::{At, Binding, callee, is_function, simple};
use super::file::{SourceFile, range};
use crate::draft::edit::Edit;

/// An action that takes the place of a route.
pub(crate) struct Replacement<'n> {
    /// Its name.
    pub(crate) name: &'n str,
    /// The module that exports it.
    pub(crate) from: &'n str,
    /// Whether it takes what the request sent.
    pub(crate) has_input: bool,
    /// Whether the route answers with status codes of its own.
    pub(crate) sets_status: bool,
    /// Whether its answer brings the page, so that a refresh after it goes.
    pub(crate) shows: bool,
}

/// What becomes of a request and its answer.
pub(super) struct Asked {
    /// What the call takes the place of, and what stands before it there.
    pub(super) span: std::ops::Range<usize>,
    pub(super) before: &'static str,
    pub(super) edits: Vec<Edit>,
    /// Each `await` of the answer's body, which waits for nothing any more.
    body_reads: Vec<At>,
}

impl<'a> SourceFile<'_, 'a> {
    /// `await fetch("/api/x", {..})` on a line becomes `await name(value)`, what reads its answer reads the action's, and the refresh
    /// after it goes.
    pub(crate) fn asks_action(&self, line: u32, action: &Replacement<'_>) -> Result<Vec<Edit>, String> {
        let (at, call) = self.fetch_on(line)?;
        let because = |why: String| format!("{}{why}", self.at(at));
        let value = self.sent(call).map_err(because)?;
        if value.is_some() != action.has_input {
            return Err(because("what it sends is not what the route reads".to_owned()));
        }
        if self.names().contains(action.name) {
            return Err(format!(": the name {} is taken", action.name));
        }
        let asked = self.asked(at, action.sets_status)?;
        let mut edits = asked.edits;
        if action.shows {
            edits.extend(self.without_refresh(at, &asked.body_reads)?);
        }
        let text = format!("{}{}({})", asked.before, action.name, value.unwrap_or_default());
        edits.push(Edit::replace(asked.span, text));
        edits.push(self.first_import(&format!("{{ {} }}", action.name), action.from));
        Ok(edits)
    }

    /// The one `fetch` that begins on a line.
    pub(super) fn fetch_on(&self, line: u32) -> Result<(At, &'a CallExpression<'a>), String> {
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
        match (calls.next(), calls.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(format!(":{line}: not exactly one fetch begins here")),
        }
    }

    /// The refresh after a request, in its function or in one of this file that calls it.
    fn without_refresh(&self, fetch: At, body_reads: &[At]) -> Result<Vec<Edit>, String> {
        let mut calls = vec![fetch];
        let around = self.tree.function(fetch);
        if let Some(name) = self.tree.name_of(around).filter(|_| is_function(self.tree.kind(around))) {
            let binding = self.tree.resolve(name, self.tree.parent(around));
            let callers = binding.map(|binding| self.references(name, binding)).unwrap_or_default();
            calls.extend(callers.into_iter().filter_map(|at| self.call_of(at)));
        }
        let refreshing = self.drop_after(&calls, body_reads);
        if let Some(why) = refreshing.left.first() {
            return Err(why.clone());
        }
        if refreshing.dropped == 0 {
            return Err(format!(
                "{}the refresh after it is not where it could be taken away",
                self.at(fetch)
            ));
        }
        Ok(refreshing.edits)
    }

    /// What is done with the answer of a request.
    pub(super) fn asked(&self, fetch: At, sets_status: bool) -> Result<Asked, String> {
        let whole =
            |at: At, before| Asked { span: self.span(at), before, edits: Vec::new(), body_reads: Vec::new() };
        let outer = self.tree.parent(fetch);
        if let Some(chain) = self.then_json(outer) {
            return Ok(whole(chain, ""));
        }
        let unclear = || {
            format!(
                "{}it reads what the route answers in a way that is not known, or does not wait for it",
                self.at(fetch)
            )
        };
        if !matches!(self.tree.kind(outer), AstKind::AwaitExpression(_)) {
            return Err(unclear());
        }
        let user = self.tree.parent(outer);
        match self.tree.kind(user) {
            AstKind::ExpressionStatement(_) => Ok(whole(fetch, "")),
            AstKind::StaticMemberExpression(_) => {
                let (body, is_awaited) = self.body_read(outer).ok_or_else(unclear)?;
                let mut asked = whole(body, "await ");
                asked.body_reads.extend(is_awaited.then_some(body));
                Ok(asked)
            }
            AstKind::VariableDeclarator(declarator) if declarator.type_annotation.is_none() => {
                let name = simple(&declarator.id).ok_or_else(unclear)?;
                let mut asked = whole(fetch, "");
                let mut checks: Vec<At> = Vec::new();
                for at in self.references(name, Binding::Variable(user)) {
                    if checks.iter().any(|check| self.tree.is_within(at, *check)) {
                        // What the error said of the answer, that of the action says.
                    } else if let Some((body, is_awaited)) = self.body_read(at) {
                        asked.edits.push(Edit::replace(self.span(body), name));
                        asked.body_reads.extend(is_awaited.then_some(body));
                    } else if let Some(check) = self.throws_unless_ok(at).filter(|_| !sets_status) {
                        asked.edits.push(Edit::remove(self.lines(self.span(check))));
                        checks.push(check);
                    } else {
                        return Err(format!(
                            "{}it looks at the answer's status code, or at more of it than its JSON",
                            self.at(at)
                        ));
                    }
                }
                Ok(asked)
            }
            _ => Err(unclear()),
        }
    }

    /// `x.json()` of an answer: the whole expression, with its `await`, and whether it has one. Without, it is what a function returns.
    fn body_read(&self, answer: At) -> Option<(At, bool)> {
        let member = self.tree.parent(answer);
        let call = self.tree.parent(member);
        let (AstKind::StaticMemberExpression(found), AstKind::CallExpression(of)) =
            (self.tree.kind(member), self.tree.kind(call))
        else {
            return None;
        };
        if found.property.name != "json" || !of.arguments.is_empty() {
            return None;
        }
        let outer = self.tree.parent(call);
        match self.tree.kind(outer) {
            AstKind::AwaitExpression(_) => Some((outer, true)),
            AstKind::ReturnStatement(_) => Some((call, false)),
            _ => None,
        }
    }

    /// `if (!x.ok) throw ..`, from its `x`: where the route sets no status code, the action throws in its place.
    fn throws_unless_ok(&self, answer: At) -> Option<At> {
        let member = self.tree.parent(answer);
        let not = self.tree.parent(member);
        let check = self.tree.parent(not);
        let (
            AstKind::StaticMemberExpression(ok),
            AstKind::UnaryExpression(found),
            AstKind::IfStatement(when),
        ) = (self.tree.kind(member), self.tree.kind(not), self.tree.kind(check))
        else {
            return None;
        };
        let throws = match &when.consequent {
            Statement::ThrowStatement(_) => true,
            Statement::BlockStatement(block) => matches!(&block.body[..], [Statement::ThrowStatement(_)]),
            _ => false,
        };
        let is_it =
            ok.property.name == "ok" && found.operator.as_str() == "!" && when.alternate.is_none() && throws;
        is_it.then_some(check)
    }

    /// `fetch(..).then((answer) => answer.json())`, from its member.
    fn then_json(&self, member: At) -> Option<At> {
        let (AstKind::StaticMemberExpression(found), call) =
            (self.tree.kind(member), self.tree.parent(member))
        else {
            return None;
        };
        let AstKind::CallExpression(then) = self.tree.kind(call) else { return None };
        let [Argument::ArrowFunctionExpression(arrow)] = &then.arguments[..] else { return None };
        let [only] = &arrow.params.items[..] else { return None };
        let name = simple(&only.pattern)?;
        let [Statement::ExpressionStatement(body)] = &arrow.body.statements[..] else { return None };
        let Expression::CallExpression(json) = &body.expression else { return None };
        let is_json =
            matches!(callee(json), (Some(of), Some("json")) if of == name) && json.arguments.is_empty();
        (found.property.name == "then" && arrow.expression && is_json).then_some(call)
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

    /// `<form action="/api/x" method="post">` on a line becomes `<form action={name}>`.
    pub(crate) fn form_sends_to(&self, line: u32, action: &Replacement<'_>) -> Result<Vec<Edit>, String> {
        let mut forms = self.tree.all().filter_map(|(at, kind)| match kind {
            AstKind::JSXOpeningElement(form) if self.slice(range(form.name.span())) == "form" => {
                let span = self.span(at);
                let lines = self.tree.line_of(form.span.start)..=self.tree.line_of(form.span.end);
                (lines.contains(&line) && !span.is_empty()).then_some((at, form))
            }
            _ => None,
        });
        let (Some((at, form)), None) = (forms.next(), forms.next()) else {
            return Err(format!(":{line}: not exactly one form begins here"));
        };
        if self.names().contains(action.name) {
            return Err(format!(": the name {} is taken", action.name));
        }
        let mut edits = Vec::new();
        for item in &form.attributes {
            let JSXAttributeItem::Attribute(attribute) = item else {
                return Err(format!("{}its attributes are put together elsewhere", self.at(at)));
            };
            let JSXAttributeName::Identifier(name) = &attribute.name else { continue };
            let span = range(attribute.span);
            match (name.name.as_str(), &attribute.value) {
                ("action", Some(JSXAttributeValue::StringLiteral(_))) => {
                    edits.push(Edit::replace(span, format!("action={{{}}}", action.name)));
                }
                ("method", Some(JSXAttributeValue::StringLiteral(way)))
                    if way.value.eq_ignore_ascii_case("post") =>
                {
                    edits.push(Edit::remove(self.with_blanks_before(span)));
                }
                ("action" | "method" | "encType" | "target" | "onSubmit", _) => {
                    return Err(format!("{}its `{}` has no meaning for an action", self.at(at), name.name));
                }
                _ => {}
            }
        }
        if edits.len() != 2 {
            return Err(format!("{}it is no form that is sent by POST to a fixed path", self.at(at)));
        }
        edits.push(self.first_import(&format!("{{ {} }}", action.name), action.from));
        Ok(edits)
    }

    fn with_blanks_before(&self, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let before = self.text.get(..span.start).unwrap_or_default();
        before.trim_end().len()..span.end
    }

    /// A new import before all others, where it does not touch what goes.
    pub(super) fn first_import(&self, what: &str, from: &str) -> Edit {
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
pub(super) fn properties<'b, 'a>(
    object: &'b ObjectExpression<'a>,
) -> Result<Vec<(String, &'b Expression<'a>)>, String> {
    let one = |property: &'b ObjectPropertyKind<'a>| {
        let ObjectPropertyKind::ObjectProperty(found) = property else { return None };
        let name = found.key.static_name().filter(|_| !found.computed && !found.method)?;
        Some((name.into_owned(), &found.value))
    };
    let all: Option<Vec<_>> = object.properties.iter().map(one).collect();
    all.ok_or_else(|| "its options are put together elsewhere".to_owned())
}
