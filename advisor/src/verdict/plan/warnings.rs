//! What to look at before a move: what it changes beside what it is for, and what telemetry cannot see (rules.md, section
//! 3, step 6).

use super::names::first_page;
use crate::evidence::Fact;
use crate::profile::Profile;
use crate::report::Verdict;

pub(super) fn of(profile: &Profile, verdict: Verdict) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(proxy(profile, verdict));
    match verdict {
        Verdict::MoveToServerAction => {
            warnings.push(
                "telemetry cannot see the types of its arguments: React carries primitives, Date, Map, Set, FormData, plain \
                 objects and promises, but no class instances and no functions of your own"
                    .to_owned(),
            );
            warnings.push(
                "set NEXT_SERVER_ACTIONS_ENCRYPTION_KEY alike for all builds and instances and a deployment id: ids of actions \
                 change with builds, and pages opened before a deployment still call the old ones"
                    .to_owned(),
            );
        }
        Verdict::MoveToRouteHandler => warnings.push(
            "a route is a public URL that others may begin to depend on; checks of the session and of Origin, which Next.js \
             makes for actions, are yours there"
                .to_owned(),
        ),
        Verdict::MoveToServerComponent => warnings.push(format!(
            "reading the session or cookies makes {} dynamic: if it is static today, keep that part behind <Suspense>",
            first_page(profile)
        )),
        Verdict::Keep | Verdict::InsufficientEvidence => {}
    }
    warnings
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
             action will be posted: mend the matcher, or move what it checks into the action",
            percent(own),
            percent(page)
        )
    } else {
        format!(
            "the proxy (middleware) ran for {:.0} % of its calls and for {:.0} % of the requests to {page_name}: look whether \
             it decides by path",
            percent(own),
            percent(page)
        )
    })
}
