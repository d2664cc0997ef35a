//! HTTP clients: the methods that their functions stand for, and the address that their calls begin with.

use oxc_ast::ast::{Argument, CallExpression, Expression};

use super::requests::property;
use super::tree::{At, Tree, callee, inner};
use super::urls;
use crate::url::{Piece, Url};

/// The method that a client's function stands for.
pub(super) fn verb_method(name: &str) -> Option<&'static str> {
    Some(match name {
        "get" | "getUri" => "GET",
        "post" | "postForm" => "POST",
        "put" | "putForm" => "PUT",
        "patch" | "patchForm" => "PATCH",
        "delete" | "del" => "DELETE",
        "head" => "HEAD",
        "options" => "OPTIONS",
        _ => return None,
    })
}

/// The address that all calls of a client begin with: `axios.create({ baseURL })`, `ky.create({ prefixUrl })`.
pub(super) fn base_of_client<'a>(tree: &Tree<'a>, made: &CallExpression<'a>, at: At) -> Option<Vec<Url>> {
    let (object, name) = callee(made);
    let is_client = ["axios", "ky", "$fetch", "ofetch"].contains(&object?.as_str());
    if !is_client || !["create", "extend"].contains(&name?) {
        return None;
    }
    let empty = || vec![vec![Piece::Text(String::new())]];
    let Some(options) = made.arguments.first().and_then(Argument::as_expression) else {
        return Some(empty());
    };
    let Expression::ObjectExpression(options) = inner(options) else { return Some(empty()) };
    let base = ["baseURL", "prefixUrl"].iter().find_map(|name| property(options, name));
    Some(base.map_or_else(empty, |base| urls::of(tree, base, at)))
}
