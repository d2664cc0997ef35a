//! Names files and lines in the steps of a plan.

use std::collections::BTreeMap;

use pointsman_store::{CallSite, How, Place};

use crate::report::HandlerReport;
use crate::words::ReportedKind;

/// Places that a step names; further ones are counted.
const MOST_NAMED: usize = 4;

/// Puts the real places where the steps of a plan have guesses, and says where the calls are. The plan is about these
/// Handlers.
pub(super) fn name_places(steps: &mut [String], handlers: &[&HandlerReport]) {
    let mut places: BTreeMap<String, Vec<&Place>> = BTreeMap::new();
    let mut sites: Vec<&CallSite> = Vec::new();
    let mut total = 0;
    for row in handlers {
        let Some(source) = &row.source else { continue };
        if let Some(defined) = &source.defined {
            places.entry(guess(row)).or_default().push(source.written.as_ref().unwrap_or(defined));
        }
        sites.extend(&source.call_sites);
        total += source.call_sites_total;
    }
    for (guess, found) in &places {
        let real = written(found);
        for step in steps.iter_mut() {
            *step = step.replace(guess.as_str(), &real);
        }
    }
    let calls = steps.iter_mut().find(|step| step.starts_with("On ") || step.starts_with("on "));
    if let Some(step) = calls.filter(|_| !sites.is_empty()) {
        let end = if step.ends_with('.') { "." } else { "" };
        step.truncate(step.len() - end.len());
        step.push_str(&format!(" (the calls: {}){end}", named(sites, total)));
    }
}

/// How a plan names the file without source.
fn guess(row: &HandlerReport) -> String {
    match (&row.file, &row.kind) {
        (Some(file), _) => file.clone(),
        (None, ReportedKind::PagesApi) => format!("pages{}.ts", row.route),
        (None, _) => format!("app{}/route.ts", row.route.trim_end_matches('/')),
    }
}

/// `a.ts:3`, or `a.ts (lines 3, 8)` for several functions of a file.
fn written(places: &[&Place]) -> String {
    match places {
        [] => String::new(),
        [one] => format!("{}:{}", one.file, one.line),
        [first, ..] if places.iter().all(|place| place.file == first.file) => {
            let lines: Vec<String> = places.iter().map(|place| place.line.to_string()).collect();
            format!("{} (lines {})", first.file, lines.join(", "))
        }
        several => {
            let all: Vec<String> =
                several.iter().map(|place| format!("{}:{}", place.file, place.line)).collect();
            all.join(", ")
        }
    }
}

fn named(mut sites: Vec<&CallSite>, total: u64) -> String {
    // Calls in code come before values that are handed on.
    sites.sort_by_key(|site| (matches!(site.how, How::Passed | How::Link), &site.place));
    let mut names: Vec<String> = Vec::new();
    for site in &sites {
        let name = format!("{}:{}", site.place.file, site.place.line);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let same = (sites.len() - names.len()) as u64;
    let more = total.saturating_sub(same).saturating_sub(names.len().min(MOST_NAMED) as u64);
    names.truncate(MOST_NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
