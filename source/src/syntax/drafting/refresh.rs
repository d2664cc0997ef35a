//! `router.refresh()` after an action: taking it away, and letting the action show the page instead.

use std::ops::Range;

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, Statement};
use oxc_span::GetSpan;

use super::super::refresh::is_refresh;
use super::super::tree::{At, Binding, callee, is_function};
use super::file::{SourceFile, range};
use super::functions::last_return;
use crate::draft::edit::Edit;
use crate::module::ImportName;

/// Functions that make an action's answer bring the page.
const SHOWING: [&str; 7] = [
    "refresh",
    "revalidatePath",
    "revalidateTag",
    "updateTag",
    "redirect",
    "permanentRedirect",
    "expirePath",
];

/// What became of the refreshes in a file.
#[derive(Default)]
pub(crate) struct Refreshing {
    pub(crate) edits: Vec<Edit>,
    /// How many were taken away.
    pub(crate) dropped: usize,
    /// Those that stay, and why: `:9: ..`.
    pub(crate) left: Vec<String>,
}

/// How an action's answer comes to bring the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ActionShows {
    /// It does already.
    Already,
    /// It does with these edits.
    With(Vec<Edit>),
}

impl<'a> SourceFile<'_, 'a> {
    /// Takes away each `router.refresh()` that follows an awaited call of an action.
    pub(crate) fn drop_refreshes(&self, is_action: &dyn Fn(&str, &ImportName) -> bool) -> Refreshing {
        let calls = self.imported(is_action).into_iter().flat_map(|local| {
            self.references(local.name, Binding::Import(local.at))
                .into_iter()
                .filter_map(|at| self.call_of(at))
        });
        self.drop_after(&calls.collect::<Vec<_>>(), &[])
    }

    /// The call that a reference is the callee of.
    pub(super) fn call_of(&self, reference: At) -> Option<At> {
        let parent = self.tree.parent(reference);
        match self.tree.kind(parent) {
            AstKind::CallExpression(call) if range(call.callee.span()) == self.span(reference) => {
                Some(parent)
            }
            _ => None,
        }
    }

    /// Takes away each refresh that follows one of some calls. What some `await`s wait for is there with the call's answer.
    pub(super) fn drop_after(&self, calls: &[At], with_it: &[At]) -> Refreshing {
        let mut result = Refreshing::default();
        let mut gone: Vec<Range<usize>> = Vec::new();
        for refresh in
            self.tree.all().filter(|(at, kind)| is_refresh(self.tree, *at, *kind)).map(|(at, _)| at)
        {
            match self.follows(refresh, calls, with_it) {
                None => {}
                Some(Ok(span)) => {
                    result.edits.push(Edit::remove(span.clone()));
                    result.dropped += 1;
                    gone.push(span);
                }
                Some(Err(why)) => result.left.push(format!("{}{why}", self.at(refresh))),
            }
        }
        if result.dropped > 0 {
            result.edits.extend(self.unused_without(&gone, &["useRouter"]));
        }
        result
    }

    /// Which bytes go if a refresh does; `None` if it follows none of the calls.
    fn follows(
        &self,
        refresh: At,
        calls: &[At],
        with_it: &[At],
    ) -> Option<Result<Range<usize>, &'static str>> {
        let function = self.tree.function(refresh);
        // `action().then(() => router.refresh())`
        if let Some(whole) = self.then_around(function)
            && let AstKind::CallExpression(then) = self.tree.kind(whole)
            && let Expression::StaticMemberExpression(member) = then.callee.get_inner_expression()
            && let Some(call) = calls.iter().find(|call| self.span(**call) == range(member.object.span()))
        {
            let only = self.is_whole_body(function, refresh);
            let span = self.span(*call).end..self.span(whole).end;
            return Some(if only {
                Ok(span)
            } else {
                Err("the refresh is one of several things that happen then")
            });
        }
        let before = |call: &&At| self.span(**call).end <= self.span(refresh).start;
        let near: Vec<&At> =
            calls.iter().filter(|call| self.tree.function(**call) == function).filter(before).collect();
        let call = *near.last()?;
        Some(self.statement_that_goes(refresh, *call, &near, with_it))
    }

    fn statement_that_goes(
        &self,
        refresh: At,
        call: At,
        near: &[&At],
        with_it: &[At],
    ) -> Result<Range<usize>, &'static str> {
        if !matches!(self.tree.kind(self.tree.parent(call)), AstKind::AwaitExpression(_)) {
            return Err("the action is not awaited before the refresh");
        }
        let statement = self.tree.parent(refresh);
        if !matches!(self.tree.kind(statement), AstKind::ExpressionStatement(_)) {
            return Err("the refresh is part of a larger expression");
        }
        let around = self.tree.parent(statement);
        if !is_block(self.tree.kind(around)) {
            return Err("the refresh stands under a condition");
        }
        if !self.tree.is_within(statement, self.branch_of(call)) {
            return Err("the refresh also happens when the action was not called or failed");
        }
        let function = self.tree.function(refresh);
        let other = self.tree.all().any(|(at, kind)| {
            let AstKind::AwaitExpression(_) = kind else { return false };
            let within = self.tree.function(at) == function && self.span(at).end <= self.span(refresh).start;
            within && !with_it.contains(&at) && !near.iter().any(|call| self.tree.parent(**call) == at)
        });
        if other {
            return Err("another awaited call comes before the refresh, which may need it");
        }
        Ok(self.lines(self.span(statement)))
    }

    /// The innermost code around a node that runs or does not run as a whole.
    fn branch_of(&self, at: At) -> At {
        let is_branch = |kind: AstKind| {
            is_block(kind)
                || matches!(
                    kind,
                    AstKind::IfStatement(_)
                        | AstKind::ConditionalExpression(_)
                        | AstKind::LogicalExpression(_)
                        | AstKind::SwitchCase(_)
                        | AstKind::ForStatement(_)
                        | AstKind::ForOfStatement(_)
                        | AstKind::ForInStatement(_)
                        | AstKind::WhileStatement(_)
                )
        };
        self.tree.around(at).find(|(_, kind)| is_branch(*kind)).map_or(0, |(at, _)| at)
    }

    /// `x.then(<function>)`, if the function is its only argument.
    fn then_around(&self, function: At) -> Option<At> {
        let parent = self.tree.parent(function);
        let AstKind::CallExpression(call) = self.tree.kind(parent) else { return None };
        (callee(call).1 == Some("then") && call.arguments.len() == 1 && function != 0).then_some(parent)
    }

    /// Whether a function does nothing but this call.
    fn is_whole_body(&self, function: At, call: At) -> bool {
        let Some(parts) = self.parts(function) else { return false };
        match &parts.body.statements[..] {
            [Statement::ExpressionStatement(only)] => range(only.expression.span()) == self.span(call),
            _ => false,
        }
    }

    /// Lets an exported action bring the page with its answer: `refresh()` of Next.js 16, or `revalidatePath` of a page.
    pub(crate) fn show_page(&self, name: &str, by: &str, call: &str) -> Result<ActionShows, String> {
        let Some(parts) = self.exported_function(name) else {
            return Err(format!(": {name} is not a function that is written in its export"));
        };
        let shows = self.tree.all().any(|(at, kind)| {
            let AstKind::CallExpression(call) = kind else { return false };
            let of_next = |name: &str| {
                let Some(Binding::Import(at)) = self.tree.resolve(name, at) else { return false };
                self.import_around(at).is_some_and(|import| import.source.value.starts_with("next/"))
            };
            let named =
                matches!(callee(call), (None, Some(name)) if SHOWING.contains(&name) && of_next(name));
            named && self.tree.function(at) == parts.at
        });
        if shows {
            return Ok(ActionShows::Already);
        }
        if parts.is_expression {
            return Err(format!("{}{name} has no body to which `{call}` could be added", self.at(parts.at)));
        }
        if self.names().contains(by) {
            return Err(format!(
                ": the name {by} is taken, so `{call}` of next/cache is to be added by hand"
            ));
        }
        let end = if self.has_semicolons() { ";" } else { "" };
        let newline = self.newline();
        let insertion = match (last_return(parts.body), parts.body.statements.last()) {
            (Some(last), _) => {
                let start = range(last.span).start;
                let indent = self.indent(start);
                Edit::insert(start, format!("{call}{end}{newline}{indent}"))
            }
            (None, Some(last)) => {
                let last = range(last.span());
                let indent = self.indent(last.start);
                Edit::insert(last.end, format!("{newline}{indent}{call}{end}"))
            }
            (None, None) => Edit::insert(range(parts.body.span).start + 1, format!(" {call}{end} ")),
        };
        Ok(ActionShows::With(vec![insertion, self.add_import(&format!("{{ {by} }}"), "next/cache")]))
    }
}

fn is_block(kind: AstKind) -> bool {
    matches!(kind, AstKind::FunctionBody(_) | AstKind::BlockStatement(_) | AstKind::Program(_))
        || is_function(kind)
}
