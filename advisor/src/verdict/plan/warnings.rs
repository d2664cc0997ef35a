//! What to look at before a move: what it changes beside what it is for, and what telemetry cannot see.

use super::names::first_page;
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::words::Verdict;

pub(super) fn of(profile: &Profile, verdict: Verdict) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(proxy(profile, verdict));
    match verdict {
        Verdict::MoveToServerAction => {
            warnings.extend(first_action(profile));
            warnings.extend(own_header(profile));
            warnings.push(
                "telemetry cannot see argument types: React can send primitives, Date, Map, Set, FormData, plain objects and promises, but no \
                 class instances and no ordinary functions"
                    .to_owned(),
            );
            warnings.push(
                "set the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY for all builds and instances, and a deployment id: action ids change with \
                 builds, and pages opened before a deployment still call the old ones"
                    .to_owned(),
            );
        }
        Verdict::MoveToRouteHandler => warnings.push(
            "a route is a public URL that others may come to depend on. Next.js compares Origin and Host for actions but not for routes, so \
             check the origin there yourself, along with the session"
                .to_owned(),
        ),
        Verdict::MoveToServerComponent => warnings.push(dynamic_page(profile)),
        Verdict::Keep | Verdict::InsufficientEvidence => {}
    }
    warnings
}

/// Who calls may be told by a header that telemetry does not know; nothing where cookies come with the calls.
fn own_header(profile: &Profile) -> Option<String> {
    let with = profile.share(Fact::SucceededWithCredentials, Fact::Succeeded);
    with.is_none_or(|share| share.observed < 0.5).then(|| {
        "most of its calls came without credentials that telemetry recognises: if its code reads a custom header (a token, a tenant), an \
         action's request cannot carry that header"
            .to_owned()
    })
}

/// What the first action of an app changes for everyone; nothing where the app has one already.
fn first_action(profile: &Profile) -> Option<String> {
    let surroundings = &profile.surroundings;
    let known = if surroundings.build.has_actions().is_some() {
        "this build has no Server Action yet, so this would be the first"
    } else {
        "no Server Action of this app was seen, so this may be the first"
    };
    surroundings.has_no_action().then(|| {
        format!(
            "{known}. While a build has none, Next.js (seen in 16.4.6) rejects every action request at once; with the first one it decodes \
             whatever anyone sends, and past security holes of Server Actions were in that code. Keep Next.js up to date, and limit \
             POSTs with a next-action header in the proxy or CDN"
        )
    })
}

/// What reading request data makes of the page.
fn dynamic_page(profile: &Profile) -> String {
    let page = first_page(profile);
    let build = &profile.surroundings.build;
    let suspense = "keep that part behind <Suspense>";
    match (build.is_prerendered(&page), build.has_cache_components()) {
        (Some(true), Some(true)) => {
            format!(
                "{page} is prerendered in this build: with Cache Components, reading the session outside <Suspense> fails the build"
            )
        }
        (Some(true), _) => {
            format!(
                "{page} is prerendered in this build: reading the session or cookies makes it dynamic; {suspense}"
            )
        }
        _ => {
            format!("reading the session or cookies makes {page} dynamic: if it is static today, {suspense}")
        }
    }
}

/// Whether the proxy would guard it as before; nothing where no call of the app shows a proxy.
fn proxy(profile: &Profile, verdict: Verdict) -> Option<String> {
    if verdict != Verdict::MoveToServerAction {
        return None;
    }
    let page = profile.surroundings.page_proxied?.observed;
    let own = profile.share(Fact::ProxyRan, Fact::Calls)?.observed;
    let percent = |share: f64| share * 100.0;
    let page_name = first_page(profile);
    Some(if (own - page).abs() > 0.5 {
        format!(
            "the proxy (middleware) ran for {:.0} % of its calls, but for {:.0} % of the requests to {page_name}, where the \
             action will be posted: fix the matcher, or move what it checks into the action",
            percent(own),
            percent(page)
        )
    } else {
        format!(
            "the proxy (middleware) ran for {:.0} % of its calls and for {:.0} % of the requests to {page_name}: check whether it decides by path",
            percent(own),
            percent(page)
        )
    })
}
