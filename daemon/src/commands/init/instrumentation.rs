//! The instrumentation file: the two lines that go into one that is there, or a new one. Nothing is written here; a file that is
//! not understood is left to a person, with the lines to add.

use super::change::{Change, Insertion};
use super::source::{Kind, NotUnderstood, Source};
use std::path::{Path, PathBuf};

/// What brings the app's spans to Pointsman.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// The package's `register`: it sends the spans itself, next to whatever else observes the app.
    Register,
    /// `observeNext`, after an SDK of OpenTelemetry that is too old to share its packages has been started.
    Observe,
}

/// Why an instrumentation file is not edited.
#[derive(Debug, thiserror::Error)]
pub(super) enum ByHand {
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    #[error("it has no `register` function of a form that init extends")]
    NoRegister,
    #[error("no `registerOTel(...)` or `sdk.start()` was found in its `register`")]
    NoStart,
}

/// Names of files that Next.js loads, the one it prefers first.
pub(super) const NAMES: [&str; 2] = ["instrumentation.ts", "instrumentation.js"];
const PACKAGE: &str = "@pointsman/nextjs";
const REGISTER: &str = "@pointsman/nextjs/register";

impl Entry {
    /// The lines for a person to add: the import, and the call.
    pub(super) fn lines(self, service: Option<&str>) -> (String, String) {
        (self.import('\''), self.call(service, '\''))
    }

    fn import(self, quote: char) -> String {
        match self {
            Self::Register => format!("import {{ register as pointsman }} from {quote}{REGISTER}{quote}"),
            Self::Observe => format!("import {{ observeNext }} from {quote}{PACKAGE}{quote}"),
        }
    }

    fn call(self, service: Option<&str>, quote: char) -> String {
        let options = service.map_or_else(String::new, |name| {
            let name = name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
            format!("{{ serviceName: {quote}{name}{quote} }}")
        });
        match self {
            Self::Register => format!("pointsman({options})"),
            Self::Observe => "observeNext()".to_owned(),
        }
    }
}

/// A new file.
pub(super) fn create(folder: &Path, typescript: bool, service: Option<&str>) -> Change {
    let (import, call) = Entry::Register.lines(service);
    let text = format!(
        "{import}\n\n// Sends what the app does to Pointsman: OTEL_EXPORTER_OTLP_ENDPOINT, by default http://localhost:4318.\n\
         export function register() {{\n  return {call}\n}}\n"
    );
    Change::create(folder.join(if typescript { NAMES[0] } else { NAMES[1] }), text)
}

/// The two lines put into a file that is there; nothing when they are in it already.
pub(super) fn extend(
    file: PathBuf,
    text: &str,
    entry: Entry,
    service: Option<&str>,
) -> Result<Option<Change>, ByHand> {
    let source = Source::read(text)?;
    if source.holds_text(PACKAGE) || source.holds_text(REGISTER) {
        return Ok(None);
    }
    let style = Style::of(&source);
    let import = style.lines(&format!("{}{}", entry.import(style.quote), style.semicolon));
    let at = after_imports(&source);
    let broken = if text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with('\n')) {
        ""
    } else {
        style.newline
    };
    let import = Insertion { at, text: format!("{broken}{import}") };
    let call = match (register(&source), entry) {
        (Some(body), Entry::Register) => {
            at_beginning(&source, &body, &style, &entry.call(service, style.quote))
        }
        (Some(body), Entry::Observe) => {
            after_start(&source, &body, &style, &entry.call(service, style.quote))?
        }
        (None, Entry::Register) if !source.holds_word("register") && !source.holds_word("module") => {
            let call = entry.call(service, style.quote);
            let function = format!("export function register() {{\n  return {call}{}\n}}", style.semicolon);
            let gap = if text.ends_with('\n') { "\n" } else { "\n\n" };
            Insertion { at: text.len(), text: style.lines(&format!("{gap}{function}")) }
        }
        (None, _) => return Err(ByHand::NoRegister),
    };
    Ok(Some(Change::insert(file, text, vec![import, call])))
}

/// How a file is written, so that what is put in looks like it.
struct Style {
    quote: char,
    semicolon: &'static str,
    newline: &'static str,
}

impl Style {
    fn of(source: &Source<'_>) -> Self {
        let first = source.tokens.iter().find(|token| token.kind == Kind::Text);
        let quote = first.and_then(|token| source.of(*token).chars().next()).unwrap_or('\'');
        let semicolon = if source.text.lines().any(|line| line.trim_end().ends_with(';')) { ";" } else { "" };
        let newline = if source.text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { quote, semicolon, newline }
    }

    /// With the file's line ends, and one at the end.
    fn lines(&self, text: &str) -> String {
        format!("{text}\n").replace('\n', self.newline)
    }
}

/// Where a further import goes: below the last one, else above the first statement that is no directive.
fn after_imports(source: &Source<'_>) -> usize {
    let (mut end, mut first, mut only_directives) = (None, None, true);
    for index in source.outermost() {
        let Some(token) = source.tokens.get(index) else { continue };
        let is_static =
            source.is(index, "import") && !source.is(index + 1, "(") && !source.is(index + 1, ".");
        if is_static {
            let from = source.tokens.iter().skip(index).find(|token| token.kind == Kind::Text);
            end = from.map(|token| token.end);
        }
        let is_directive = token.kind == Kind::Text || source.is(index, ";");
        if only_directives && !is_directive {
            first = Some(token.begin);
            only_directives = false;
        }
    }
    match end {
        Some(end) => after_line(source.text, end),
        None => first.map_or(source.text.len(), |begin| begin_of_line(source.text, begin)),
    }
}

fn after_line(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| at + length + 1)
}

fn begin_of_line(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

/// The body of `register`: the indices of its brackets.
struct Body {
    open: usize,
    close: usize,
    is_async: bool,
}

fn register(source: &Source<'_>) -> Option<Body> {
    let is_exported_later = || {
        source.outermost().any(|index| {
            source.is(index, "export") && source.is(index + 1, "{") && {
                let close = source.closing(index + 1).unwrap_or(index);
                (index + 2..close).any(|at| source.is(at, "register") && !source.is(at.wrapping_sub(1), "as"))
            }
        })
    };
    source.outermost().find_map(|index| {
        let exported = source.is(index, "export");
        let mut at = if exported { index + 1 } else { index };
        if source.is(at, "const") && source.is(at + 1, "register") && exported {
            return arrow(source, at + 2);
        }
        let is_async = source.is(at, "async");
        at += usize::from(is_async);
        if !(source.is(at, "function") && source.is(at + 1, "register") && source.is(at + 2, "(")) {
            return None;
        }
        let body = braces(source, source.closing(at + 2)? + 1, is_async)?;
        (exported || is_exported_later()).then_some(body)
    })
}

/// `: Type = async (...) => {` or `= async function (...) {`.
fn arrow(source: &Source<'_>, from: usize) -> Option<Body> {
    let equals = (from..source.tokens.len())
        .take_while(|at| !source.is(*at, ";"))
        .find(|at| source.is(*at, "=") && !source.is(at + 1, ">"))?;
    let is_async = source.is(equals + 1, "async");
    let mut at = equals + 1 + usize::from(is_async);
    if source.is(at, "function") {
        at += 1;
        let body = braces(source, source.closing(at)? + 1, is_async);
        return body.filter(|_| source.is(at, "("));
    }
    if !source.is(at, "(") {
        return None;
    }
    let arrow = (source.closing(at)? + 1..source.tokens.len())
        .take(12)
        .find(|at| source.is(*at, "=") && source.is(at + 1, ">"))?;
    braces(source, arrow + 2, is_async)
}

/// The body that begins here, after nothing but the type of the result.
fn braces(source: &Source<'_>, from: usize, is_async: bool) -> Option<Body> {
    let open = (from..source.tokens.len()).take(12).find(|at| source.is(*at, "{"))?;
    let is_type = (from..open).all(|at| {
        source.tokens.get(at).is_some_and(|token| token.kind == Kind::Word)
            || [":", "<", ">", ".", "|"].iter().any(|mark| source.is(at, mark))
    });
    Some(Body { open, close: source.closing(open)?, is_async }).filter(|_| is_type)
}

/// The call as the body's first statement: early returns and other instrumentation come after it, in any order.
fn at_beginning(source: &Source<'_>, body: &Body, style: &Style, call: &str) -> Insertion {
    let call = format!("{} {call}", if body.is_async { "await" } else { "void" });
    let Some((open, close)) = source.tokens.get(body.open).zip(source.tokens.get(body.close)) else {
        return Insertion { at: source.text.len(), text: String::new() };
    };
    let first = source.tokens.get(body.open + 1).filter(|_| body.open + 1 < body.close);
    let rest_of_line = source.text.get(open.end..after_line(source.text, open.end)).unwrap_or_default();
    let indent = |at: usize| {
        let begin = begin_of_line(source.text, at);
        let line = source.text.get(begin..at).unwrap_or_default();
        line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
    };
    match first {
        Some(first) if rest_of_line.trim().is_empty() || rest_of_line.trim_start().starts_with("//") => {
            // Without a semicolon such a line would go on with the call.
            let goes_on = source.of(*first).starts_with(['(', '[', '`', '+', '-', '/']);
            let semicolon = if goes_on { ";" } else { style.semicolon };
            let call = format!("{}{call}{semicolon}", indent(first.begin));
            Insertion { at: after_line(source.text, open.end), text: style.lines(&call) }
        }
        Some(_) => Insertion { at: open.end, text: format!(" {call};") },
        None => {
            let outer = indent(open.begin);
            let lines = format!("\n{outer}  {call}{}\n{outer}", style.semicolon).replace('\n', style.newline);
            // A body with nothing but white space keeps its own line end.
            let inner = source.text.get(open.end..close.begin).unwrap_or_default();
            let lines = if inner.contains('\n') { lines.trim_end().to_owned() } else { lines };
            Insertion { at: open.end, text: lines }
        }
    }
}

/// The call after the statement that starts the app's SDK.
fn after_start(source: &Source<'_>, body: &Body, style: &Style, call: &str) -> Result<Insertion, ByHand> {
    let starts = |at: usize| {
        (source.is(at, "registerOTel") || (source.is(at, "start") && source.is(at.wrapping_sub(1), ".")))
            && source.is(at + 1, "(")
    };
    let start = (body.open + 1..body.close).find(|at| starts(*at)).ok_or(ByHand::NoStart)?;
    let end = source.closing(start + 1).and_then(|at| source.tokens.get(at)).ok_or(ByHand::NoStart)?;
    let begin = begin_of_line(source.text, source.tokens.get(start).map_or(0, |token| token.begin));
    let line = source.text.get(begin..).unwrap_or_default();
    let indent = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    let rest = source.text.get(end.end..after_line(source.text, end.end)).unwrap_or_default();
    if rest.trim_matches([';', ' ', '\r', '\n', '\t']).is_empty() {
        let call = format!("{indent}{call}{}", style.semicolon);
        Ok(Insertion { at: after_line(source.text, end.end), text: style.lines(&call) })
    } else if rest.starts_with(';') {
        Ok(Insertion { at: end.end + 1, text: format!(" {call};") })
    } else {
        Err(ByHand::NoStart)
    }
}

#[cfg(test)]
#[path = "instrumentation_tests.rs"]
mod tests;
