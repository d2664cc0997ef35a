//! What must be known and worth having before a move is advised.

use pointsman_store::Caller;

use super::Decision;
use crate::evidence::{Fact, Measure};
use crate::gain::Gain;
use crate::profile::Profile;
use crate::rules::counted;
use crate::settings::Settings;
use crate::words::{Need, NeedCode, Verdict};

/// Share of calls whose caller must be known before anything is said about a Handler.
const CALLERS_SEEN: f64 = 0.5;
/// Share of an action's calls whose caller must be known before it is moved.
const ACTION_CALLERS_KNOWN: f64 = 0.9;
/// What tells the class of a caller.
const CALLER_ATTRIBUTES: [&str; 2] = ["http.request.header.sec-fetch-site", "user_agent.original"];

/// What the sample lacks; `None` when it is large enough for a move.
pub(super) fn sample(profile: &Profile, settings: &Settings) -> Option<Vec<Need>> {
    let (calls, days) = (profile.observed(Fact::Calls), u64::from(profile.days_seen()));
    let mut needs = Vec::new();
    if calls < settings.min_calls_for_move {
        needs.push(Need::more(NeedCode::MoreCalls, calls, settings.min_calls_for_move));
    }
    if days < u64::from(settings.min_days_for_move) {
        needs.push(Need::more(NeedCode::MoreDays, days, u64::from(settings.min_days_for_move)));
    }
    (!needs.is_empty()).then_some(needs)
}

/// What is missing when most callers are unknown.
pub(super) fn callers_absent(profile: &Profile) -> Option<Vec<Need>> {
    let known = profile.callers_known().unwrap_or_default();
    (known < CALLERS_SEEN).then(|| CALLER_ATTRIBUTES.map(Need::attribute).to_vec())
}

/// A route may become an action only when nobody outside can depend on it (ARCHITECTURE.md#what-always-holds).
pub(super) fn outsiders(profile: &Profile, settings: &Settings) -> Option<Decision> {
    let others = [Caller::External, Caller::CrossOrigin, Caller::Server, Caller::Bot];
    if let Some(caller) = others.into_iter().find(|caller| profile.ever(Fact::succeeded_by(*caller)) > 0) {
        return Some(Decision::keep(
            &format!(
                "others depend on it: {} from {}",
                counted(profile.ever(Fact::succeeded_by(caller)), "successful call"),
                class(caller)
            ),
            "no successful call from anyone else in the retained data",
        ));
    }
    // Some headers came, and none of them is a page's: nobody knows who it was, but somebody depends on the URL.
    let unrecognized = profile.ever(Fact::SucceededUnrecognized);
    if unrecognized > 0 {
        return Some(Decision::keep(
            &format!(
                "{} from callers that cannot be recognized as pages of the app",
                counted(unrecognized, "successful call")
            ),
            "no such call in the retained data",
        ));
    }
    let unlike = profile.ever(Fact::SucceededUnlikeBrowser);
    if unlike > 0 && !profile.surroundings.habits.sites_left_out {
        return Some(Decision::keep(
            &format!(
                "{} named a browser and the app's origin, but lacked `sec-fetch-site`, which that browser sends with every request: a \
                 program may have copied the rest",
                counted(unlike, "successful call")
            ),
            "no such call in the retained data",
        ));
    }
    if profile.callers_known().unwrap_or_default() < settings.min_callers_known {
        return Some(unknown_callers(profile, settings));
    }
    let own = profile.ever(Fact::by(Caller::OwnUi));
    (own < settings.min_calls_without_outsiders).then(|| {
        let needs = vec![Need::more(NeedCode::MoreCalls, own, settings.min_calls_without_outsiders)];
        Decision::insufficient(
            "it looks movable, but there are too few calls to rule out outside callers",
            needs,
        )
    })
}

/// A class of callers in people's words.
fn class(caller: Caller) -> &'static str {
    match caller {
        Caller::External => "clients that are not browsers",
        Caller::CrossOrigin => "pages of other origins",
        Caller::Server => "the app's own server",
        Caller::Bot => "crawlers or probes",
        Caller::OwnUi | Caller::Unknown => "other callers",
    }
}

/// Too many callers are unknown: those of requests that were reported, or of requests that nobody reported.
fn unknown_callers(profile: &Profile, settings: &Settings) -> Decision {
    let missing = profile.missing();
    if missing <= 1.0 - settings.min_callers_known {
        let needs = CALLER_ATTRIBUTES.map(Need::attribute).to_vec();
        return Decision::insufficient("it looks movable, but too many callers are unknown", needs);
    }
    let reason = format!(
        "it looks movable, but {:.1} % of the requests that the app counted left no trace, so their callers are unknown",
        missing * 100.0
    );
    Decision::insufficient(&reason, vec![Need::code(NeedCode::EveryTrace)])
}

/// What telemetry must show before a route becomes an action, so that nothing that would bar it goes unseen: how its callers
/// say who they are, the sizes of its bodies, that the pages that call it are this app's, and that the App Router renders them.
pub(super) fn unseen_obstacles(profile: &Profile) -> Option<Decision> {
    if !profile.surroundings.habits.credentials_told {
        let needs = vec![Need::attribute("pointsman.request.credentials")];
        return Some(Decision::insufficient(
            "it looks movable, but whether its callers send a token, which an action's request cannot carry, is not known",
            needs,
        ));
    }
    if !profile.surroundings.habits.hosts_told {
        return Some(Decision::insufficient(
            "it looks movable, but whether `Origin` is the app's own host, without which Next.js refuses an action, is not known",
            vec![Need::attribute("http.request.header.host")],
        ));
    }
    if let Some(refused) = refused_origins(profile) {
        return Some(refused);
    }
    let has_body = matches!(profile.handler.method.as_str(), "POST" | "PUT" | "PATCH");
    let sizes = profile.distribution(Measure::RequestBytes).samples();
    if has_body && sizes * 2 < profile.observed(Fact::Calls) {
        let needs = vec![Need::attribute("http.request.body.size")];
        return Some(Decision::insufficient(
            "it looks movable, but the size of its request bodies is unknown",
            needs,
        ));
    }
    if let Some(page) = foreign_page(profile) {
        return Some(Decision::insufficient(
            &format!(
                "it looks movable, but {page}, which calls it, was never seen as a page of this app: if another app serves it, it \
                 cannot call an action"
            ),
            vec![Need::code(NeedCode::UnknownPages)],
        ));
    }
    // Only the App Router answers a refresh.
    let told =
        profile.observed(Fact::FollowedByRefresh) > 0 || profile.surroundings.from_pages_router.is_some();
    (!told).then(|| {
        let needs = vec![Need::attribute("pointsman.route.kind")];
        Decision::insufficient(
            "it looks movable, but it is unknown which router renders the pages that call it",
            needs,
        )
    })
}

/// Next.js refuses an action whose `Origin` is not the host by which the app was reached, as behind a proxy that calls the app by
/// another name, or of a form under `Referrer-Policy: no-referrer`, which names the origin `null`: whatever an action gained there, it
/// would not run.
fn refused_origins(profile: &Profile) -> Option<Decision> {
    /// Share of calls. [judgement]
    const HARDLY_ANY: f64 = 0.01;
    let share = profile.share(Fact::RefusedAsActions, Fact::SucceededByOwnUi)?;
    let refused = share.observed > HARDLY_ANY && !profile.surroundings.habits.origins_allowed;
    refused.then(|| {
        Decision::keep(
            &format!(
                "{:.0} % of its calls come from pages whose `Origin` is not the host that the app sees: Next.js answers such actions 500 \
                 until the proxy passes the host on, the pages send a referrer, or `serverActions.allowedOrigins` names it",
                share.observed * 100.0
            ),
            "requests whose `Origin` is the host that the app sees",
        )
    })
}

/// The page from which most calls come that were sent by pages nobody has seen here; `None` where there is none. Another
/// app may live on the same host, and its pages look like the app's own.
fn foreign_page<'p>(profile: &'p Profile<'_>) -> Option<&'p str> {
    /// Calls from one page: fewer may come from an address that somebody mistyped. Each of these callers would break, however few
    /// they are among all. [judgement]
    const SEVERAL: f64 = 3.0;
    let unseen = profile.pages.iter().filter(|(page, _)| page != "other");
    let mut unseen = unseen.filter(|(page, _)| !profile.surroundings.pages_seen.contains(page));
    unseen.find(|(_, calls)| *calls >= SEVERAL).map(|(page, _)| page.as_str())
}

/// An action moves only when its callers are known and are browsers.
pub(super) fn action_callers(profile: &Profile) -> Option<Decision> {
    if profile.callers_known().unwrap_or_default() < ACTION_CALLERS_KNOWN {
        let needs = CALLER_ATTRIBUTES.map(Need::attribute).to_vec();
        return Some(Decision::insufficient("it looks movable, but too many callers are unknown", needs));
    }
    (profile.ever(Fact::succeeded_by(Caller::External)) > 0).then(|| {
        Decision::keep(
            "clients that are not browsers call it: publish a route next to it first",
            "no such call in the retained data",
        )
    })
}

/// Why a read stays although a route would suit it: its arguments are more than a URL holds.
pub(super) fn too_long_for_a_url(profile: &Profile, verdict: Verdict) -> Option<Decision> {
    /// Bytes of arguments that every server and proxy accepts in a URL: nginx and Node.js take 8 and 16 KB of headers. [judgement]
    const URL: f64 = 4_000.0;
    if verdict != Verdict::MoveToRouteHandler {
        return None;
    }
    let bytes = profile.quantile(Measure::RequestBytes, 0.95).filter(|bytes| *bytes > URL)?;
    let reason = format!(
        "it reads, but its arguments have up to {:.0} KB (p95): more than the URL of a GET holds",
        bytes / 1_000.0
    );
    Some(Decision::keep(&reason, ""))
}

/// The environment, when it yields no moves.
pub(super) fn excluded_environment(profile: &Profile, settings: &Settings) -> Option<String> {
    let environment = profile.handler.environment.clone()?;
    let excluded = environment == "development" || settings.excluded_environments.contains(&environment);
    excluded.then_some(environment)
}

/// Why a gain is not worth a move; `None` when it is. `ratio` lowers the bar for a move that stands.
pub(super) fn too_small(gain: Gain, settings: &Settings, ratio: f64) -> Option<String> {
    if gain.per_day.value < settings.min_interactions_per_day * ratio {
        return Some(format!(
            "a move would help, but only about {:.0} interactions a day",
            gain.per_day.value
        ));
    }
    // Measured waiting, saved requests and the client's queue: nothing is assumed. Time for which a move would hold the
    // queue counts against what it saves.
    let ms = if gain.queue_ms < 0.0 {
        gain.measured_ms() + gain.queue_ms
    } else {
        gain.measured_ms().max(gain.queue_ms)
    };
    if ms < 0.0 {
        return Some(format!(
            "as an action it would block the user's other actions for {:.0} ms longer than it would save",
            -ms
        ));
    }
    let saves = gain.requests >= settings.min_gain_requests || ms >= settings.min_gain_ms * ratio;
    (!saves).then(|| format!("a move would save only {ms:.0} ms per interaction"))
}
