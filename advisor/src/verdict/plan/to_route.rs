//! The steps from an action to a route handler.

use super::names::{action, first_page, kebab, pages};
use crate::evidence::Fact;
use crate::profile::Profile;

pub(super) fn steps(profile: &Profile, reason: &str) -> Vec<String> {
    let (name, file) = action(profile);
    let route = format!("/api/{}", kebab(&name));
    if reason == "stream-or-binary" {
        return streaming(profile, &name, &route);
    }
    let mut steps = vec![
        format!("move what {name} reads into a plain async function beside {file}, without 'use server'"),
        format!(
            "create app{route}/route.ts: export async function GET(request) {{ ... return Response.json(await {name}(...)) }}, \
             its arguments from the query; read the session there as the action does"
        ),
        caching(profile),
    ];
    steps.push(match reason {
        "action-serial-queue" => format!(
            "on {} fetch all of them at once: Promise.all([fetch('{route}?...'), ...]) runs in parallel, actions never do",
            pages(profile)
        ),
        "action-poll" => format!(
            "on {} replace setInterval(() => {name}(...)) by useSWR('{route}?...', fetcher, {{ refreshInterval: ... }}), which \
             also pauses when nobody looks; answer an ETag, so that what has not changed costs a 304",
            pages(profile)
        ),
        "action-typeahead" => format!(
            "on {} debounce the input (some 200 ms), then fetch('{route}?q=...', {{ signal }}) and abort the one before",
            pages(profile)
        ),
        _ => format!(
            "on {} call fetch('{route}?...') (SWR or TanStack Query to share and keep answers) in place of {name}(...), with \
             an AbortSignal",
            pages(profile)
        ),
    });
    steps.push(format!(
        "check that proxy.ts (middleware) covers {route} if it guards {}",
        first_page(profile)
    ));
    steps.push(format!(
        "test: the data on {}, an aborted request, no session; then remove {name} from the actions",
        pages(profile)
    ));
    steps
}

/// What caches may do with the answers, as far as it was seen.
fn caching(profile: &Profile) -> String {
    let equal = profile
        .share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients)
        .is_some_and(|share| share.observed >= 0.9 && share.samples >= 30);
    if equal {
        "equal requests of different clients got equal answers: cache-control: public, s-maxage=..., \
         stale-while-revalidate lets a CDN answer them, unless a check of the session decides who may see it"
            .to_owned()
    } else {
        "give it cache-control: private, max-age=... where the user's own browser may keep the answer"
            .to_owned()
    }
}

fn streaming(profile: &Profile, name: &str, route: &str) -> Vec<String> {
    vec![
        format!(
            "create app{route}/route.ts: export async function POST(request) {{ ... return new Response(stream, {{ headers: {{ \
             'content-type': 'text/event-stream' }} }}) }} with the body of {name}; read the session there as the action does"
        ),
        "stop working when request.signal is aborted: an action cannot know that the user has left"
            .to_owned(),
        format!(
            "on {} read the stream of fetch('{route}', {{ method: 'POST', body, signal }}) in place of {name}(...)",
            pages(profile)
        ),
        format!("check that proxy.ts (middleware) covers {route} if it guards {}", first_page(profile)),
        format!(
            "test: the answer appears piece by piece, also behind the production proxy (no buffering); stopping it stops the \
             server; other actions go on meanwhile; then remove {name} from the actions"
        ),
    ]
}
