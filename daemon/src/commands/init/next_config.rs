//! The configuration of Next.js 14.2, which loads the instrumentation file only when told to.

use std::path::Path;

use super::app::App;
use super::change::{Change, Insertion};
use super::source::{Kind, Source};

/// What the configuration must say.
pub(super) const LINE: &str = "experimental: { instrumentationHook: true }";
const KEY: &str = "instrumentationHook";

/// The change, nothing when it says so already. The error is why a person has to do it.
pub(super) fn switch_on(app: &App) -> Result<Option<Change>, String> {
    let Some((file, text)) = &app.config else {
        let text = format!("/** @type {{import('next').NextConfig}} */\nexport default {{\n  {LINE},\n}}\n");
        return Ok(Some(Change::create(app.folder.join("next.config.mjs"), text)));
    };
    edit(file, text)
}

fn edit(file: &Path, text: &str) -> Result<Option<Change>, String> {
    let source = Source::read(text).map_err(|fault| fault.to_string())?;
    if let Some(at) = (0..source.tokens.len()).find(|at| source.is(*at, KEY)) {
        return if source.is(at + 2, "true") {
            Ok(None)
        } else {
            Err(format!("it has {KEY} already, and not as true"))
        };
    }
    let open = object(&source).ok_or("the object that it exports was not found")?;
    let close = source.closing(open).ok_or("the object that it exports does not end")?;
    let depth = source.tokens.get(open).map_or(0, |token| token.depth) + 1;
    let own = |at: &usize| source.tokens.get(*at).is_some_and(|token| token.depth == depth);
    if (open + 1..close).filter(own).any(|at| source.is(at, ".") && source.is(at + 1, ".")) {
        return Err("it takes over another object, which may say something else".to_owned());
    }
    let experimental = (open + 1..close).filter(own).find(|at| {
        let token = source.tokens.get(*at);
        source.is(*at, "experimental")
            || token.is_some_and(|token| source.quoted(*token) == Some("experimental"))
    });
    let (open, entry) = match experimental {
        Some(at) if source.is(at + 1, ":") && source.is(at + 2, "{") => (at + 2, format!("{KEY}: true,")),
        Some(_) => return Err("its `experimental` is not written out as an object".to_owned()),
        None => (open, format!("{LINE},")),
    };
    let at = source.tokens.get(open).map_or(0, |token| token.end);
    let first = source.tokens.get(open + 1).map_or(text.len(), |token| token.begin);
    let between = text.get(at..first).unwrap_or_default();
    // On a line of its own where the object's entries are.
    let text_in = match between.rfind('\n') {
        Some(end) => {
            let newline = if between.contains("\r\n") { "\r\n" } else { "\n" };
            let indent = between.get(end + 1..).unwrap_or_default();
            let indent = if source.closing(open) == Some(open + 1) {
                format!("{indent}  ")
            } else {
                indent.to_owned()
            };
            format!("{newline}{indent}{entry}")
        }
        None => format!(" {entry}"),
    };
    Ok(Some(Change::insert(file.to_owned(), text, vec![Insertion { at, text: text_in }])))
}

/// The opening bracket of the object that the file exports, also as an argument of a function that adds to it.
fn object(source: &Source<'_>) -> Option<usize> {
    let exported = source.outermost().find_map(|at| {
        if source.is(at, "export") && source.is(at + 1, "default") {
            return Some(at + 2);
        }
        let is_common = source.is(at, "module")
            && source.is(at + 1, ".")
            && source.is(at + 2, "exports")
            && source.is(at + 3, "=");
        is_common.then_some(at + 4)
    })?;
    resolve(source, exported, 4)
}

fn resolve(source: &Source<'_>, at: usize, steps: usize) -> Option<usize> {
    if source.is(at, "{") {
        return Some(at);
    }
    let token = source.tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    let steps = steps.checked_sub(1)?;
    if source.is(at + 1, "(") {
        return resolve(source, at + 2, steps);
    }
    let name = source.of(*token);
    let declared = source.outermost().find(|at| {
        ["const", "let", "var"].iter().any(|word| source.is(*at, word)) && source.is(at + 1, name)
    })?;
    let equals = (declared + 2..source.tokens.len()).take(12).find(|at| source.is(*at, "="))?;
    resolve(source, equals + 1, steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str) -> Result<Option<String>, String> {
        edit(Path::new("next.config.mjs"), text).map(|change| change.map(|change| change.after))
    }

    #[test]
    fn the_line_goes_into_the_object_that_is_exported() {
        for (before, after) in [
            (
                "const nextConfig = {\n    reactStrictMode: true,\n};\n\nexport default nextConfig;\n",
                "const nextConfig = {\n    experimental: { instrumentationHook: true },\n    reactStrictMode: true,\n};\n\nexport default nextConfig;\n",
            ),
            (
                "export default { distDir: process.env.DIST }\n",
                "export default { experimental: { instrumentationHook: true }, distDir: process.env.DIST }\n",
            ),
            ("export default {}\n", "export default { experimental: { instrumentationHook: true },}\n"),
            (
                "/** @type {x} */\nmodule.exports = withSentryConfig(withMDX({\n  experimental: { ppr: true },\n}), {})\n",
                "/** @type {x} */\nmodule.exports = withSentryConfig(withMDX({\n  experimental: { instrumentationHook: true, ppr: true },\n}), {})\n",
            ),
            (
                "const nextConfig = {\n};\nexport default nextConfig\n",
                "const nextConfig = {\n  experimental: { instrumentationHook: true },\n};\nexport default nextConfig\n",
            ),
        ] {
            assert_eq!(edited(before).unwrap().unwrap(), after);
            assert_eq!(edited(after).unwrap(), None, "a second time changes nothing");
        }
    }

    #[test]
    fn what_is_not_written_out_is_left_to_a_person() {
        for text in [
            "export default async () => ({})\n",
            "export default { experimental }\n",
            "export default { experimental: other }\n",
            "export default { ...base }\n",
            "export default { experimental: { instrumentationHook: false } }\n",
            "export default {\n",
            "export { default } from './other.mjs'\n",
        ] {
            assert!(edited(text).is_err(), "{text}");
        }
    }
}
