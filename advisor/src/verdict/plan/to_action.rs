//! The steps from a route to a Server Action.

use super::names::{action_name, first_page, pages, route_file};
use crate::evidence::{Fact, Measure};
use crate::profile::{NextVersion, Profile};
use crate::rules::Pattern;
use crate::stats::as_f64;

pub(super) fn steps(profile: &Profile, pattern: Pattern) -> Vec<String> {
    let handler = &profile.handler;
    let (page, file) = (first_page(profile), route_file(profile));
    let name = action_name(&handler.route, &handler.method);
    let method = &handler.method;
    let mut steps = vec![
        format!(
            "next to the page {page}, create `actions.ts` with `'use server'; export async function {name}(input) {{ ... }}`. \
             Take the body of {method} from {file}, drop the code that reads and parses the request, and return the result"
        ),
        format!(
            "move its checks too: read the session inside {name}, because anyone who can POST to {page} can call it"
        ),
        show_anew(profile, &name),
    ];
    steps.extend(call_sites(profile, pattern, &name));
    if profile.count(Fact::StatusContract) > 0.0 {
        steps.push(
            "turn its error statuses into return values (`{ error: ... }`), which the page reads from the result"
                .to_owned(),
        );
    }
    steps.extend(time_limit(profile, &page));
    steps.extend(body_limit(profile));
    steps.push(test(profile, &name));
    steps.push(format!(
        "then remove {method} from {file}; its other methods are judged separately and stay for now"
    ));
    steps
}

/// How the action shows the page anew, which depends on the version.
fn show_anew(profile: &Profile, name: &str) -> String {
    match profile.surroundings.next {
        Some(next) if next.has_refresh() => format!(
            "at the end of {name}, call `refresh()` from `next/cache`: the answer then brings the updated page, and the client keeps \
             its prefetches. `revalidatePath()` would drop them, and every link in view would be fetched again. Where data is cached \
             by tag, use `updateTag()`"
        ),
        Some(_) => format!(
            "at the end of {name}, call `revalidatePath('{}')` from `next/cache`: the answer then brings the updated page. Links in \
             view are prefetched again; `refresh()` of Next.js 16 avoids that",
            first_page(profile)
        ),
        None => format!(
            "at the end of {name}, call `refresh()` from `next/cache` (before Next.js 16: `revalidatePath()`, after which links in view \
             are prefetched again)"
        ),
    }
}

/// What changes on the pages: the pattern before and after.
fn call_sites(profile: &Profile, pattern: Pattern, name: &str) -> Vec<String> {
    let (route, method, pages) = (&profile.handler.route, &profile.handler.method, pages(profile));
    match pattern {
        Pattern::Form => vec![format!(
            "on {pages}, replace `<form method=\"post\" action=\"{route}\">` with `<form action={{{name}}}>`: {name} receives the \
             FormData, and `redirect()` from `next/navigation` replaces the 303"
        )],
        Pattern::Reload => vec![format!(
            "on {pages}, replace `await fetch('{route}', {{ method: '{method}', ... }}); location.reload()` with `const \
             result = await {name}(input)`: the updated page comes with the answer"
        )],
        _ => vec![format!(
            "on {pages}, replace `await fetch('{route}', {{ method: '{method}', ... }}); router.refresh()` with `const \
             result = await {name}(input)`: no refresh is needed"
        )],
    }
}

/// Its own limit of time, which the page would have to have; nothing where the build gives it none.
fn time_limit(profile: &Profile, page: &str) -> Option<String> {
    let own = profile.surroundings.build.max_duration_s(&profile.handler.route)?;
    let enough = profile.page_limit_s().is_some_and(|limit| limit >= as_f64(own));
    (!enough).then(|| {
        format!("the route may run for {own} s (maxDuration): export the same `maxDuration` from {page}, because its actions share that limit")
    })
}

/// How near its bodies come to what an action accepts; nothing where their size is not known.
fn body_limit(profile: &Profile) -> Option<String> {
    let p99 = profile.quantile(Measure::RequestBytes, 0.99)?;
    let share = p99 / as_f64(profile.body_limit.max(1));
    (share >= 0.2).then(|| {
        format!(
            "check the size: its bodies reach {:.0} KB (p99), {:.0} % of `serverActions.bodySizeLimit`; above the limit the action \
             fails with a 500",
            p99 / 1_000.0,
            share * 100.0
        )
    })
}

fn test(profile: &Profile, name: &str) -> String {
    let status = profile.surroundings.next.map(NextVersion::unknown_action_status);
    let stale = status.map_or_else(String::new, |status| format!(" (the app answers {status})"));
    format!(
        "test {name} from {}, without a session, with two quick clicks, and from a page loaded before a new build{stale}",
        pages(profile)
    )
}
