//! Where `router.refresh()` follows a call. It follows if it stands in the same function, in a callback of the same
//! statement, or in a function that calls this one.

use foldhash::{HashMap, HashMapExt};
use oxc_ast::AstKind;
use oxc_ast::ast::Expression;

use super::tree::{At, Tree, callee, dotted, is_function};

pub(super) struct Refreshes<'a> {
    /// Each `router.refresh()`, and the function around it.
    calls: Vec<(At, At)>,
    /// Functions that call a name and refresh.
    callers: HashMap<&'a str, Vec<At>>,
}

impl<'a> Refreshes<'a> {
    pub(super) fn of(tree: &Tree<'a>) -> Self {
        let mut calls = Vec::new();
        for (at, kind) in tree.all() {
            if is_refresh(tree, at, kind) {
                calls.push((at, tree.function(at)));
            }
        }
        let mut callers: HashMap<&str, Vec<At>> = HashMap::new();
        if !calls.is_empty() {
            for (at, kind) in tree.all() {
                if let AstKind::CallExpression(call) = kind
                    && let Expression::Identifier(id) = &call.callee
                {
                    let function = tree.function(at);
                    if calls.iter().any(|(_, around)| *around == function) {
                        callers.entry(id.name.as_str()).or_default().push(function);
                    }
                }
            }
        }
        Self { calls, callers }
    }

    /// Whether a refresh follows a call.
    pub(super) fn follow(&self, tree: &Tree, call: At) -> bool {
        if self.calls.is_empty() {
            return false;
        }
        let function = tree.function(call);
        let statement = tree.statement(call);
        let drawn = tree.around(call).take_while(|(at, _)| *at != function);
        let drawn = drawn.into_iter().any(|(_, kind)| matches!(kind, AstKind::JSXExpressionContainer(_)));
        let near = |(at, around): &(At, At)| {
            if *around == function {
                return function != 0
                    && !drawn
                    && (!is_component(tree, function) || tree.is_within(*at, statement));
            }
            if drawn {
                return false;
            }
            // In a callback of the same statement: `fetch(..).then(() => router.refresh())`, or in one of the same
            // function that does not draw anything.
            (statement != 0 && tree.is_within(*at, statement) && !draws(tree, statement))
                || (!is_component(tree, function) && tree.function(*around) == function)
                || siblings(tree, function, *around)
        };
        if self.calls.iter().any(near) {
            return true;
        }
        let name = tree.name_of(function).filter(|_| !is_component(tree, function));
        name.and_then(|name| self.callers.get(name)).is_some_and(|callers| !callers.is_empty())
    }
}

/// Whether a node is `router.refresh()`.
pub(super) fn is_refresh(tree: &Tree, at: At, kind: AstKind) -> bool {
    let AstKind::CallExpression(call) = kind else { return false };
    matches!(callee(call), (Some(router), Some("refresh")) if is_router(tree, &router, at))
}

/// Whether a name is the router of `next/navigation`.
fn is_router(tree: &Tree, name: &str, at: At) -> bool {
    let by_hook = tree.variable(name, at).and_then(|(_, found)| found.init.as_ref()).and_then(dotted);
    match by_hook {
        Some(hook) => hook == "useRouter" || name == "router",
        None => name == "router" || name.ends_with("outer"),
    }
}

/// Two callbacks of one object: `useMutation({ mutationFn: .., onSuccess: .. })`.
fn siblings(tree: &Tree, one: At, other: At) -> bool {
    let object = |function: At| {
        let mut around = tree.around(function);
        let (property, kind) = around.next()?;
        let is_property = matches!(kind, AstKind::ObjectProperty(_));
        is_property.then(|| tree.parent(property))
    };
    object(one).is_some_and(|found| object(other) == Some(found))
}

fn draws(tree: &Tree, statement: At) -> bool {
    matches!(tree.kind(statement), AstKind::ReturnStatement(_) | AstKind::FunctionBody(_))
        && tree.function(statement) != 0
        && is_component(tree, tree.function(statement))
}

/// A component or a hook: what stands in it together does not run together.
fn is_component(tree: &Tree, function: At) -> bool {
    if !is_function(tree.kind(function)) {
        return true;
    }
    match tree.name_of(function) {
        Some(name) => {
            name.starts_with(|first: char| first.is_ascii_uppercase())
                || name
                    .strip_prefix("use")
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        }
        None => matches!(tree.kind(tree.parent(function)), AstKind::ExportDefaultDeclaration(_)),
    }
}
