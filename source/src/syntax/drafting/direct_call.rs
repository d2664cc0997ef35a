//! A handler that answers with what another function returns, and a fetch by the server as a call of that function.

use oxc_ast::AstKind;
use oxc_ast::ast::{Argument, CallExpression, Expression};
use oxc_span::GetSpan;

use super::call_sites::{Replacement, properties};
use super::file::{SourceFile, range};
use crate::draft::edit::Edit;

/// What a page that is rendered for each request waits for.
const PER_REQUEST: &str = "connection";

impl<'a> SourceFile<'_, 'a> {
    /// Lets a handler answer with what a function returns.
    pub(crate) fn answers_with(&self, method: &str, function: &str, from: &str) -> Result<Vec<Edit>, String> {
        let Some(parts) = self.exported_function(method).filter(|parts| !parts.is_expression) else {
            return Err(format!(": {method} is not a function that is written in its export"));
        };
        let AstKind::Function(written) = self.tree.kind(parts.at) else {
            return Err(format!("{}{method} is no plain function", self.at(parts.at)));
        };
        if self.names().contains(function) {
            return Err(format!(": the name {function} is taken"));
        }
        let body = range(parts.body.span);
        let (newline, end) = (self.newline(), if self.has_semicolons() { ";" } else { "" });
        let text = format!("{{{newline}  return Response.json(await {function}()){end}{newline}}}");
        let mut edits = self.unused_without(std::slice::from_ref(&body), &[]);
        edits.push(Edit::replace(body, text));
        if !written.r#async {
            edits.push(Edit::insert(self.function_keyword(parts.at), "async "));
        }
        edits.push(self.first_import(&format!("{{ {function} }}"), from));
        Ok(edits)
    }

    /// Where the word `function` of a function stands.
    pub(super) fn function_keyword(&self, function: usize) -> usize {
        let span = self.span(function);
        span.start + self.slice(span).find("function").unwrap_or_default()
    }

    /// `await fetch(ownUrl)` on a line becomes `await name()`. What was made for its URL only goes, and a page that was rendered for
    /// each request because of it still is.
    pub(crate) fn calls_directly(&self, line: u32, action: &Replacement<'_>) -> Result<Vec<Edit>, String> {
        let (at, call) = self.fetch_on(line)?;
        let because = |why: &str| format!("{}{why}", self.at(at));
        let per_request = is_per_request(call).map_err(because)?;
        let url = call.arguments.first().map_or("", |url| self.slice(range(url.span())));
        if url.contains('?') {
            return Err(because("it sends a query"));
        }
        if self.names().contains(action.name) || self.names().contains(PER_REQUEST) {
            return Err(format!(": the name {} or {PER_REQUEST} is taken", action.name));
        }
        let asked = self.asked(at, action.sets_status)?;
        let mut edits = asked.edits;
        let mut gone = vec![asked.span.clone()];
        if per_request {
            let statement = self.span(self.tree.statement(at)).start;
            let end = if self.has_semicolons() { ";" } else { "" };
            let keep = format!("await {PER_REQUEST}(){end}{}{}", self.newline(), self.indent(statement));
            edits.push(Edit::insert(statement, keep));
            edits.push(self.first_import(&format!("{{ {PER_REQUEST} }}"), "next/server"));
        } else {
            // What the URL was made of may be what makes the page render for each request.
            gone.clear();
        }
        edits.extend(self.unused_without(&gone, &["headers.get"]));
        edits.push(Edit::replace(asked.span, format!("{}{}()", asked.before, action.name)));
        edits.push(self.first_import(&format!("{{ {} }}", action.name), action.from));
        Ok(edits)
    }
}

/// Whether a request is said to be made each time; an error if it says more than a call can.
fn is_per_request(call: &CallExpression) -> Result<bool, &'static str> {
    let options = match &call.arguments[..] {
        [_] => return Ok(false),
        [_, Argument::ObjectExpression(options)] => options,
        _ => return Err("its options are put together elsewhere"),
    };
    let all = properties(options).map_err(|_| "its options are put together elsewhere")?;
    let mut per_request = false;
    for (name, value) in all {
        match (name.as_str(), value.get_inner_expression()) {
            ("method", Expression::StringLiteral(_)) => {}
            ("cache", Expression::StringLiteral(kept)) if kept.value == "no-store" => per_request = true,
            ("cache" | "next", _) => {
                return Err("its answer may come from a cache, which a call does not use");
            }
            _ => return Err("it says more than its URL, such as headers"),
        }
    }
    Ok(per_request)
}
