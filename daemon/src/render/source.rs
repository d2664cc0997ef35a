//! Where a handler is in the app's source, and what source and traffic show together, in words for all formats.

use pointsman_advisor::source::{HandlerSource, ReportSource};
use pointsman_advisor::{HandlerReport, Report};
use pointsman_store::{CallSite, How, Place, Side};

/// Call sites that are written out; further ones are counted.
const MOST: usize = 8;

/// A file and a line.
pub(crate) fn place(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

/// What is known of a handler's source, a sentence each; empty without source.
pub(crate) fn lines(handler: &HandlerReport) -> Vec<String> {
    handler.source.as_ref().map_or_else(Vec::new, of_handler)
}

fn of_handler(source: &HandlerSource) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(defined) = &source.defined {
        let written = source.written.as_ref().map(|written| format!(", written in {}", place(written)));
        lines.push(format!("defined in {}{}", place(defined), written.unwrap_or_default()));
    }
    lines.extend(source.call_sites.iter().take(MOST).map(|site| format!("called in {}", call_site(site))));
    let listed = source.call_sites.len().min(MOST) as u64;
    if source.call_sites_total > listed {
        lines.push(format!("called in {} more places", source.call_sites_total - listed));
    }
    lines.extend(source.notes.iter().cloned());
    lines
}

/// `components/A.tsx:12 (fetch, then router.refresh())`.
pub(crate) fn call_site(site: &CallSite) -> String {
    let how = how(site.how);
    let side = if site.side == Side::Server { " on the server" } else { "" };
    let refresh = if site.refreshes { ", then router.refresh()" } else { "" };
    format!("{} ({how}{side}{refresh})", place(&site.place))
}

const fn how(how: How) -> &'static str {
    match how {
        How::Fetch => "fetch",
        How::Axios => "axios",
        How::Ky => "ky",
        How::Swr => "SWR",
        How::Query => "TanStack Query",
        How::Mutate => "mutate",
        How::Beacon => "sendBeacon",
        How::EventSource => "EventSource",
        How::Form => "form",
        How::Link => "link",
        How::Helper => "a function that takes the URL",
        How::ActionState => "useActionState",
        How::Call => "call",
        How::Transition => "startTransition",
        How::Passed => "passed on",
    }
}

/// What was compared, in a sentence; nothing without source.
pub(crate) fn summary(report: &Report) -> Option<String> {
    let source = report.source.as_ref()?;
    if let Some(reason) = &source.refused {
        return Some(format!("the app's source is not used: {reason}"));
    }
    let commit = source.commit.as_deref().and_then(|commit| commit.get(..10));
    let commit = commit.map_or_else(String::new, |commit| format!(" (commit {commit})"));
    let open = match source.unresolved {
        0 => String::new(),
        1 => "; 1 call in the code could not be tied to a handler".to_owned(),
        count => format!("; {count} calls in the code could not be tied to a handler"),
    };
    Some(format!(
        "{} of {} routes and actions were found in the app's source{commit}{open}",
        source.matched, source.expected
    ))
}

/// What is odd about code that had no traffic, a sentence each.
pub(crate) fn findings(report: &Report) -> Vec<String> {
    let Some(source) = &report.source else { return Vec::new() };
    let ReportSource { findings, more_findings, .. } = source;
    let mut lines: Vec<String> =
        findings.iter().map(|one| format!("{}: {}", place(&one.place), one.text)).collect();
    if *more_findings > 0 {
        lines.push(format!("and {more_findings} more; --format json lists 50 of them"));
    }
    lines
}
