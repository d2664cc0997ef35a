//! What stands around a Handler: its app's version, the pages that call it, the actions beside it. A rule about one Handler
//! reads it here; nothing is judged.

use std::collections::HashMap;

use pointsman_store::{Action, AppFact, Handler, HandlerKind};

use super::{Profile, Share, UnknownIds};
use crate::evidence::{Fact, Measure};
use crate::stats::as_f64;

/// A version of Next.js.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NextVersion {
    /// 16 of 16.4.6.
    pub major: u32,
    /// 4 of 16.4.6.
    pub minor: u32,
}

/// What stands around a Handler.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Surroundings {
    /// The app's version of Next.js; `None` where nothing tells it.
    pub next: Option<NextVersion>,
    /// 95th percentile of the duration of the page that calls it most, ms.
    pub page_p95_ms: Option<f64>,
    /// For which share of the requests to that page, its actions included, the proxy ran; `None` where no call of the app
    /// shows a proxy at all.
    pub page_proxied: Option<Share>,
    /// Share of the calls that came from pages of the Pages Router, among those from pages whose router is known; `None`
    /// where it is of none.
    pub from_pages_router: Option<f64>,
    /// Share of all time that the app spent on answering.
    pub share_of_time: f64,
    /// Actions that are called from the same page, itself included.
    pub actions_on_page: usize,
    /// Of an action, or of a page without known actions: calls of unknown action ids there.
    pub unknown_ids: UnknownIds,
}

impl NextVersion {
    /// Reads `16.4.6` or `15.0.0-canary.3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }

    /// That of the app: the one seen last.
    pub(super) fn of_app(facts: &[AppFact]) -> Option<Self> {
        let told = facts.iter().filter(|fact| fact.name == "pointsman.next.version");
        Self::parse(&told.max_by_key(|fact| fact.last_seen_ns)?.value)
    }

    /// Whether `refresh()` exists: the page is rendered anew and the client keeps its prefetches.
    #[must_use]
    pub fn has_refresh(self) -> bool {
        self.major >= 16
    }

    /// The status with which it answers a well-formed action id that it does not know (rules.md, trap 3).
    #[must_use]
    pub fn unknown_action_status(self) -> u16 {
        if self >= (Self { major: 16, minor: 4 }) { 409 } else { 404 }
    }
}

/// Tells each Profile what stands around it.
pub(super) fn tell(profiles: &mut [Profile<'_>], next: Option<NextVersion>) {
    let app = App::of(profiles);
    let told: Vec<Surroundings> = profiles.iter().map(|profile| app.around(profile, next)).collect();
    for (profile, surroundings) in profiles.iter_mut().zip(told) {
        profile.surroundings = surroundings;
    }
}

/// What is known of an app's pages, by route.
struct App {
    pages: HashMap<String, Page>,
    time_us: f64,
    /// Whether any call shows that a proxy ran.
    has_proxy: bool,
}

#[derive(Default)]
struct Page {
    p95_ms: Option<f64>,
    /// Requests to it, observed, and those of them for which the proxy ran, weighed.
    requests: u64,
    proxied: f64,
    weighed: f64,
    /// Whether the Pages Router renders it; `None` where nothing tells the router.
    by_pages_router: Option<bool>,
    actions: usize,
    unknown_ids: UnknownIds,
}

impl App {
    fn of(profiles: &[Profile<'_>]) -> Self {
        let mut app = Self { pages: HashMap::new(), time_us: 0.0, has_proxy: false };
        for profile in profiles {
            app.time_us += profile.count(Fact::TimeSpent);
            app.has_proxy |= profile.observed(Fact::ProxyRan) > 0;
            let page = |handler: &Handler| handler.route.clone();
            match (profile.handler.kind, &profile.handler.action) {
                (HandlerKind::ServerAction, Some(Action::NotFound)) => {
                    app.pages.entry(page(&profile.handler)).or_default().unknown_ids = unknown_ids(profile);
                }
                (HandlerKind::ServerAction, _) => {
                    let known = app.pages.entry(page(&profile.handler)).or_default();
                    known.actions += 1;
                    known.add_requests(profile);
                }
                (HandlerKind::Page, _) => {
                    let known = app.pages.entry(page(&profile.handler)).or_default();
                    known.add_requests(profile);
                    known.p95_ms = profile.quantile(Measure::Duration, 0.95).map(|us| us / 1_000.0);
                    let (pages, app) = (profile.count(Fact::ByPagesRouter), profile.count(Fact::ByAppRouter));
                    known.by_pages_router = (pages + app > 0.0).then_some(pages > app);
                }
                _ => {}
            }
        }
        app
    }

    fn around(&self, profile: &Profile<'_>, next: Option<NextVersion>) -> Surroundings {
        let of_action = profile.handler.kind == HandlerKind::ServerAction;
        let main = if of_action {
            Some(&profile.handler.route)
        } else {
            profile.pages.first().map(|(route, _)| route)
        };
        let main = main.and_then(|route| self.pages.get(route));
        let own = self
            .pages
            .get(&profile.handler.route)
            .filter(|page| of_action || (profile.handler.kind == HandlerKind::Page && page.actions == 0));
        Surroundings {
            next,
            page_p95_ms: main.and_then(|page| page.p95_ms),
            page_proxied: main.filter(|_| self.has_proxy).and_then(Page::proxied),
            from_pages_router: self.pages_router_share(profile),
            share_of_time: profile.count(Fact::TimeSpent) / self.time_us.max(1.0),
            actions_on_page: main.map_or(0, |page| page.actions),
            unknown_ids: own.map(|page| page.unknown_ids).unwrap_or_default(),
        }
    }

    fn pages_router_share(&self, profile: &Profile<'_>) -> Option<f64> {
        let known = profile
            .pages
            .iter()
            .filter_map(|(route, calls)| Some((self.pages.get(route)?.by_pages_router?, *calls)));
        let (mut from, mut all) = (0.0, 0.0);
        for (by_pages_router, calls) in known {
            all += calls;
            from += if by_pages_router { calls } else { 0.0 };
        }
        (all > 0.0).then(|| from / all)
    }
}

impl Page {
    fn add_requests(&mut self, profile: &Profile<'_>) {
        self.requests += profile.observed(Fact::Calls);
        self.weighed += profile.count(Fact::Calls);
        self.proxied += profile.count(Fact::ProxyRan);
    }

    fn proxied(&self) -> Option<Share> {
        (self.requests > 0)
            .then(|| Share::of(self.proxied / self.weighed, as_f64(self.requests), self.requests))
    }
}

fn unknown_ids(profile: &Profile<'_>) -> UnknownIds {
    let hours: Vec<(u32, f64)> = profile.by_hour().into_iter().collect();
    let span = hours.first().zip(hours.last()).map_or(0, |(first, last)| last.0 - first.0 + 1);
    UnknownIds {
        calls: profile.observed(Fact::ActionNotFound),
        hammered: profile.observed(Fact::Hammered),
        clients: profile.clients(),
        hours: hours.len(),
        span_hours: span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_follow_the_version() {
        let version = |text| NextVersion::parse(text).unwrap_or(NextVersion { major: 0, minor: 0 });
        assert_eq!(version("16.4.6"), NextVersion { major: 16, minor: 4 });
        assert!(version("16.0.0").has_refresh() && !version("15.5.0").has_refresh());
        assert_eq!(version("16.3.8").unknown_action_status(), 404);
        assert_eq!(version("16.4.0").unknown_action_status(), 409);
        assert_eq!(version("17.0.0").unknown_action_status(), 409);
        assert_eq!(NextVersion::parse("canary"), None);
    }
}
