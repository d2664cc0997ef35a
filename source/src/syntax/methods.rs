//! What a function compares with the request's method, and what it reads of the request: by nodes within its span.

use oxc_ast::AstKind;
use oxc_ast::ast::Expression;

use super::tree::{At, Tree};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Whether it is a method of HTTP that a route may export.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.contains(&name)
}

/// Methods that stand as text in a comparison, a `case` or as a key of an object within a node.
pub(super) fn compared(tree: &Tree, within: At) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, kind) in tree.all() {
        let name = match kind {
            AstKind::StringLiteral(text) if is_method(text.value.as_str()) => text.value.as_str(),
            _ => continue,
        };
        let compares = match tree.kind(tree.parent(at)) {
            AstKind::BinaryExpression(binary) => {
                [&binary.left, &binary.right].iter().any(|side| is_method_of_request(side))
            }
            AstKind::SwitchCase(_) => true,
            _ => false,
        };
        if compares && tree.is_within(at, within) && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

fn is_method_of_request(side: &Expression) -> bool {
    match side.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.property.name == "method",
        Expression::Identifier(id) => id.name == "method",
        Expression::CallExpression(call) => {
            super::tree::dotted(&call.callee).is_some_and(|name| name.contains("method"))
        }
        _ => false,
    }
}

/// `cookies` and `headers`, where they are called or read of the request within a node.
pub(super) fn reads(tree: &Tree, within: At) -> Vec<&'static str> {
    let mut found = Vec::new();
    for (at, kind) in tree.all() {
        let name = match kind {
            AstKind::CallExpression(call) => match call.callee.get_inner_expression() {
                Expression::Identifier(id) => id.name.as_str(),
                _ => continue,
            },
            AstKind::StaticMemberExpression(member) => match member.object.get_inner_expression() {
                Expression::Identifier(id) if ["req", "request"].contains(&id.name.as_str()) => {
                    member.property.name.as_str()
                }
                _ => continue,
            },
            _ => continue,
        };
        let Some(name) = ["cookies", "headers"].into_iter().find(|known| *known == name) else { continue };
        if !found.contains(&name) && tree.is_within(at, within) {
            found.push(name);
        }
    }
    found.sort_unstable();
    found
}
