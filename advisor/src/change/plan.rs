//! The plan of a Change. One Handler has its own; of several the plan names all of them, step by step.

use super::words::{Named, list};
use crate::report::{HandlerReport, Verdict};
use crate::verdict::UNCACHED;
use crate::words::Effort;

/// What a Change takes.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) effort: Option<Effort>,
    pub(super) steps: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// The plan of rows that move together.
pub(super) fn of(rows: &[&HandlerReport], pages: &[String]) -> Plan {
    let [first, rest @ ..] = rows else { return Plan::default() };
    if rest.is_empty() {
        let HandlerReport { effort, steps, warnings, .. } = *first;
        return Plan { effort: effort.clone(), steps: steps.clone(), warnings: warnings.clone() };
    }
    let mut warnings: Vec<String> = Vec::new();
    for warning in rows.iter().flat_map(|row| &row.warnings) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    let steps = match first.verdict {
        Verdict::MoveToRouteHandler => to_routes(rows, pages),
        Verdict::MoveToServerComponent => to_components(rows, pages),
        // Nothing else is ever grouped.
        _ => rows.iter().flat_map(|row| row.steps.clone()).collect(),
    };
    Plan { effort: Some(effort(rows, pages)), steps, warnings }
}

/// By the number of pages whose code changes, as of one move, and by how much is moved. [judgement]
fn effort(rows: &[&HandlerReport], pages: &[String]) -> Effort {
    /// Handlers that are still little work.
    const FEW: usize = 3;
    match pages.len() {
        0 | 1 if rows.len() <= FEW => Effort::Small,
        0..=3 => Effort::Medium,
        _ => Effort::Large,
    }
}

/// Names of the actions, their files and the pages that call them, ready for a sentence.
struct Parts {
    names: String,
    files: String,
    pages: String,
}

impl Parts {
    fn of(rows: &[&HandlerReport], pages: &[String]) -> Self {
        let names: Vec<String> = rows.iter().map(|row| Named::of(row).name()).collect();
        let mut files: Vec<String> = rows.iter().filter_map(|row| row.file.clone()).collect();
        files.dedup();
        let files = if files.is_empty() { "their file".to_owned() } else { list(&files) };
        let pages = if pages.is_empty() { "the page that calls them".to_owned() } else { list(pages) };
        Self { names: list(&names), files, pages }
    }
}

fn to_routes(rows: &[&HandlerReport], pages: &[String]) -> Vec<String> {
    let Parts { names, files, pages } = Parts::of(rows, pages);
    let routes: Vec<String> = rows.iter().map(|row| Named::of(row).new_route()).collect();
    let created: Vec<String> = routes.iter().map(|route| format!("app{route}/route.ts")).collect();
    let fetched: Vec<String> = routes.iter().map(|route| format!("fetch('{route}?...')")).collect();
    let variables: Vec<String> =
        rows.iter().map(|row| Named::of(row).noun().replace(' ', "_").to_lowercase()).collect();
    vec![
        format!("Move what {names} read into plain async functions next to {files}, without `'use server'`."),
        format!(
            "Create a GET route for each: {}. Each one is `export async function GET(request) {{ ... return \
             Response.json(await ...) }}`, takes its arguments from the query and reads the session as the action does.",
            list(&created)
        ),
        format!("Give each route {UNCACHED}."),
        format!(
            "On {pages}, fetch all of them at once: `const [{}] = await Promise.all([{}])`. Actions of one client never run in \
             parallel; fetches do.",
            variables.join(", "),
            fetched.join(", ")
        ),
        format!("If proxy.ts (middleware) guards {pages}, make sure that it covers {} too.", list(&routes)),
        format!(
            "Test the data on {pages}, an aborted request, and a request without a session. Then remove {names}."
        ),
    ]
}

fn to_components(rows: &[&HandlerReport], pages: &[String]) -> Vec<String> {
    let Parts { names, files, pages } = Parts::of(rows, pages);
    let reads: Vec<String> = rows.iter().map(|row| format!("{}(...)", Named::of(row).name())).collect();
    vec![
        format!(
            "Check that {names} only read: as part of {pages} they also run when a link to it is prefetched and when a crawler \
             asks for it."
        ),
        format!("Move what they read into plain async functions next to {files}, without `'use server'`."),
        format!(
            "In the server component of {pages}, start all of them together and pass the results down as props: `await \
             Promise.all([{}])`.",
            reads.join(", ")
        ),
        format!(
            "Wrap slow parts of {pages} in `<Suspense>`, so that the rest of the page does not wait for them."
        ),
        format!("On {pages}, remove the `useEffect` calls of {names} and their loading states."),
        format!(
            "Where another page calls one of them after it has loaded, answer there from a GET route or keep the action; then \
             remove the actions that nobody calls."
        ),
        format!(
            "Test that {pages} shows the data with JavaScript off, that each function reads the session itself, and that the \
             time to the first byte has not grown."
        ),
    ]
}
