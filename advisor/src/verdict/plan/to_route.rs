//! The steps from an action to a route handler.

use super::names::{action, first_page, kebab, pages};
use crate::profile::Profile;
use crate::rules::Pattern;

/// What caches may do with the answers of a new route: nothing, until its own traffic shows that they may. An action's answers
/// say nothing of who may see them, and what the client invalidates is not known before.
pub(crate) const UNCACHED: &str = "`cache-control: private, no-cache`: no cache answers without asking the app. Once the route has \
     traffic, the report says whether its answers may be kept, and by whom";

pub(super) fn steps(profile: &Profile, pattern: Pattern) -> Vec<String> {
    let (name, file) = action(profile);
    let route = format!("/api/{}", kebab(&name));
    if pattern == Pattern::Stream {
        return streaming(profile, &name, &route);
    }
    let mut steps = vec![
        format!("move what {name} reads into a plain async function next to {file}, without `'use server'`"),
        format!(
            "create `app{route}/route.ts` with `export async function GET(request) {{ ... return Response.json(await \
             {name}(...)) }}`; it takes its arguments from the query and reads the session as the action does"
        ),
        format!("give it {UNCACHED}"),
    ];
    steps.push(match pattern {
        Pattern::Queue => format!(
            "on {}, fetch all of them at once with `Promise.all([fetch('{route}?...'), ...])`: fetches run in parallel, \
             actions of one client never do",
            pages(profile)
        ),
        Pattern::Poll => format!(
            "on {}, replace `setInterval(() => {name}(...))` with `useSWR('{route}?...', fetcher, {{ refreshInterval: ... \
             }})`, which also pauses in a hidden tab; send an ETag, so that an unchanged answer costs a 304",
            pages(profile)
        ),
        Pattern::Search => format!(
            "on {}, debounce the input (about 200 ms), then call `fetch('{route}?q=...', {{ signal }})` and abort the \
             previous one",
            pages(profile)
        ),
        _ => format!(
            "on {}, replace `await {name}(...)` with `await fetch('{route}?...', {{ signal }})`; SWR or TanStack Query can share and \
             cache the answers",
            pages(profile)
        ),
    });
    steps.push(format!(
        "check that proxy.ts (middleware) covers {route} if it guards {}",
        first_page(profile)
    ));
    steps.push(format!(
        "test the data on {}, an aborted request and a request without a session; then remove {name} from the actions",
        pages(profile)
    ));
    steps
}

fn streaming(profile: &Profile, name: &str, route: &str) -> Vec<String> {
    vec![
        format!(
            "create `app{route}/route.ts` with `export async function POST(request) {{ ... return new Response(stream, {{ \
             headers: {{ 'content-type': 'text/event-stream' }} }}) }}` and the body of {name}; it reads the session as the action does"
        ),
        "stop working when `request.signal` is aborted: an action cannot know that the user has left"
            .to_owned(),
        format!(
            "on {}, replace `await {name}(...)` with `await fetch('{route}', {{ method: 'POST', body, signal }})` and read its stream",
            pages(profile)
        ),
        format!("check that proxy.ts (middleware) covers {route} if it guards {}", first_page(profile)),
        format!(
            "test that the answer appears piece by piece, also behind the production proxy (no buffering), that stopping it stops the \
             work on the server, and that other actions run meanwhile; then remove {name} from the actions"
        ),
    ]
}
