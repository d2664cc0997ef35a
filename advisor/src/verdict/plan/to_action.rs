//! The steps from a route to a Server Action.

use super::names::{action_name, first_page, pages, route_file};
use crate::evidence::{Fact, Measure};
use crate::profile::{NextVersion, Profile};
use crate::stats::as_f64;

pub(super) fn steps(profile: &Profile, reason: &str) -> Vec<String> {
    let handler = &profile.handler;
    let (page, file) = (first_page(profile), route_file(profile));
    let name = action_name(&handler.route, &handler.method);
    let method = &handler.method;
    let mut steps = vec![
        format!(
            "beside the page {page} create actions.ts: 'use server'; export async function {name}(input) {{ ... }}, \
             with the body of {method} in {file}; reading and parsing of the request goes away, the result is \
             returned"
        ),
        format!(
            "move its checks along: read the session inside {name}, since whoever can POST to {page} can call it"
        ),
        show_anew(profile, &name),
    ];
    steps.extend(call_sites(profile, reason, &name));
    if profile.count(Fact::StatusContract) > 0.0 {
        steps.push(
            "turn its error statuses into return values ({ error: ... }): the page reads them from the result"
                .to_owned(),
        );
    }
    steps.extend(time_limit(profile, &page));
    steps.extend(body_limit(profile));
    steps.push(test(profile, &name));
    steps.push(format!(
        "then remove {method} from {file}; other methods there stay as they are, each is judged for itself"
    ));
    steps
}

/// How the action shows the page anew, which depends on the version.
fn show_anew(profile: &Profile, name: &str) -> String {
    match profile.surroundings.next {
        Some(next) if next.has_refresh() => format!(
            "at the end of {name} call refresh() from 'next/cache': the answer brings the page, and the client keeps its \
             prefetches; revalidatePath() would drop them, and each link in view would be fetched again (use \
             updateTag() where data is cached by tag)"
        ),
        Some(_) => format!(
            "at the end of {name} call revalidatePath('{}') from 'next/cache': the answer brings the page; links in view are \
             prefetched again, which refresh() of Next.js 16 spares",
            first_page(profile)
        ),
        None => format!(
            "at the end of {name} call refresh() from 'next/cache' (Next.js 16; revalidatePath() before, after which links \
             in view are prefetched again)"
        ),
    }
}

/// What changes on the pages: the pattern before and after.
fn call_sites(profile: &Profile, reason: &str, name: &str) -> Vec<String> {
    let (route, method, pages) = (&profile.handler.route, &profile.handler.method, pages(profile));
    match reason {
        "native-form-post" => vec![format!(
            "on {pages} replace <form method=\"post\" action=\"{route}\"> by <form action={{{name}}}>; {name} takes the \
             FormData, and redirect() from 'next/navigation' takes the place of the 303"
        )],
        "mutate-then-document" => vec![format!(
            "on {pages} replace `await fetch('{route}', {{ method: '{method}', ... }}); location.reload()` by `const \
             result = await {name}(input)`: the new page comes with it"
        )],
        _ => vec![format!(
            "on {pages} replace `await fetch('{route}', {{ method: '{method}', ... }}); router.refresh()` by `const \
             result = await {name}(input)`: without the refresh"
        )],
    }
}

/// Its own limit of time, which the page would have to have; nothing where the build gives it none.
fn time_limit(profile: &Profile, page: &str) -> Option<String> {
    let own = profile.surroundings.build.max_duration_s(&profile.handler.route)?;
    let enough = profile.page_limit_s().is_some_and(|limit| limit >= as_f64(own));
    (!enough).then(|| {
        format!("its route allows {own} s (maxDuration): export the same from {page}, whose limit its actions share")
    })
}

/// How near its bodies come to what an action accepts; nothing where their size is not known.
fn body_limit(profile: &Profile) -> Option<String> {
    let p99 = profile.quantile(Measure::RequestBytes, 0.99)?;
    let share = p99 / as_f64(profile.body_limit.max(1));
    (share >= 0.2).then(|| {
        format!(
            "mind the size: its bodies reach {:.0} KB (p99), {:.0} % of serverActions.bodySizeLimit; over it the action \
             fails with 500",
            p99 / 1_000.0,
            share * 100.0
        )
    })
}

fn test(profile: &Profile, name: &str) -> String {
    let status = profile.surroundings.next.map(NextVersion::unknown_action_status);
    let stale = status.map_or_else(String::new, |status| format!(" (the app answers {status})"));
    format!(
        "test {name} from {}; without a session; with two clicks in a row; and from a page loaded before a new build{stale}",
        pages(profile)
    )
}
