//! What stands around a Handler: its app's version, the pages that call it, the actions beside it. A rule about one Handler
//! reads it here; nothing is judged.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use pointsman_store::{Action, AppFact, Fingerprint, Handler, HandlerKind};

use super::app_build::AppBuild;
use super::others::{Others, Totals};
use super::{Habits, Profile, Share, UnknownIds};
use crate::evidence::{Dimension, Fact, Measure};
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
    /// Share of the answers of the app's other reads and pages that set a cookie; `None` where there are too few to say.
    pub cookies_elsewhere: Option<f64>,
    /// Of an action, or of a route that is not read: whether nearly all others of these show such cookies, too; `None` where
    /// there are too few others to say. A proxy may renew a session on reads alone.
    pub cookies_on_other_writes: Option<bool>,
    /// Of the pages that call it, those that were seen as pages themselves.
    pub pages_seen: BTreeSet<String>,
    /// ... and of these, those that mostly came from Next.js' cache, or that any cache may keep: they are the same for all.
    pub pages_prerendered: BTreeSet<String>,
    /// Share of the requests to these pages that came with basic credentials: then the browser adds them to whatever it
    /// asks the app for.
    pub basic_on_pages: f64,
    /// What all Handlers of the app show about its clients.
    pub habits: Habits,
    /// What the app's other answers show.
    pub others: Others,
    /// What is in the app's build.
    pub build: Arc<AppBuild>,
    /// Whether any Server Action of the app was called.
    pub actions_called: bool,
}

impl Surroundings {
    /// Whether the app has no Server Action so far: by its build, else by its traffic, which may miss some.
    #[must_use]
    pub fn has_no_action(&self) -> bool {
        !self.build.has_actions().unwrap_or(self.actions_called)
    }
}

impl Surroundings {
    /// Whether cookies come with many answers of the app, whatever is asked: the proxy or a session library sets them, and
    /// they say nothing of one Handler.
    #[must_use]
    pub fn cookies_are_ambient(&self) -> bool {
        /// Share of the app's reads and pages from which on one Handler's cookies say nothing. [judgement]
        const EVERYWHERE: f64 = 0.2;
        self.cookies_elsewhere.is_some_and(|share| share >= EVERYWHERE)
            && self.cookies_on_other_writes != Some(false)
    }
}

impl NextVersion {
    /// Reads `16.4.6` or `15.0.0-canary.3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }

    /// That of the app: the one seen last.
    fn of_app(facts: &[AppFact]) -> Option<Self> {
        let told = facts.iter().filter(|fact| fact.name == "pointsman.next.version");
        Self::parse(&told.max_by_key(|fact| fact.last_seen_ns)?.value)
    }

    /// Whether `refresh()` exists: the page is rendered anew and the client keeps its prefetches.
    #[must_use]
    pub fn has_refresh(self) -> bool {
        self.major >= 16
    }

    /// The status with which it answers a well-formed action id that it does not know: 404 until Next.js 16.3, 409 since 16.4.
    #[must_use]
    pub fn unknown_action_status(self) -> u16 {
        if self >= (Self { major: 16, minor: 4 }) { 409 } else { 404 }
    }
}

/// Tells each Profile what stands around it.
pub(super) fn tell(profiles: &mut [Profile<'_>], facts: &[AppFact], build: &Arc<AppBuild>) {
    let next = NextVersion::of_app(facts);
    let app = App::of(profiles, &action_ids(facts));
    let habits = Habits::of(profiles, facts);
    let around = |profile: &Profile<'_>| Surroundings {
        habits,
        build: Arc::clone(build),
        ..app.around(profile, next)
    };
    let told: Vec<Surroundings> = profiles.iter().map(around).collect();
    for (profile, surroundings) in profiles.iter_mut().zip(told) {
        profile.surroundings = surroundings;
    }
}

/// Ids of actions that any build of the app had, as far as it answered one of them.
fn action_ids(facts: &[AppFact]) -> HashSet<&str> {
    let told = facts.iter().filter(|fact| fact.name == "next.action.id");
    told.filter_map(|fact| fact.value.split(' ').next()).collect()
}

/// What is known of an app's pages, by route.
struct App {
    pages: HashMap<String, Page>,
    time_us: f64,
    totals: Totals,
    /// The same by whether the proxy runs for them: what it does to answers shows in these only.
    by_way: [Totals; 2],
    has_action: bool,
    /// Whether any call shows that a proxy ran.
    has_proxy: bool,
    /// Answers of reads and pages, and those of them that set a cookie, by whether the proxy runs for them.
    reads: [CookiesSet; 2],
    /// The same of each action and each route that is not read, where there are enough.
    writes: Vec<(Fingerprint, CookiesSet)>,
}

/// Answers, and those of them that set a cookie, weighed.
#[derive(Clone, Copy, Default)]
struct CookiesSet {
    answers: f64,
    with_cookie: f64,
}

#[derive(Default)]
struct Page {
    p95_ms: Option<f64>,
    /// Requests to it, observed, and those of them for which the proxy ran, weighed.
    requests: u64,
    proxied: f64,
    weighed: f64,
    /// Requests to the page itself, and those of them with basic credentials, weighed.
    as_page: f64,
    with_basic: f64,
    /// ... and those that Next.js' own cache answered, or that any cache may keep.
    from_cache: f64,
    /// Whether the Pages Router renders it; `None` where nothing tells the router.
    by_pages_router: Option<bool>,
    actions: usize,
    unknown_ids: UnknownIds,
}

impl App {
    fn of(profiles: &[Profile<'_>], action_ids: &HashSet<&str>) -> Self {
        let mut app = Self {
            pages: HashMap::new(),
            time_us: 0.0,
            totals: profiles.iter().map(Totals::of).sum(),
            by_way: [Totals::default(); 2],
            has_action: false,
            has_proxy: false,
            reads: [CookiesSet::default(); 2],
            writes: profiles.iter().filter_map(|one| Some((one.id, CookiesSet::of_write(one)?))).collect(),
        };
        for profile in profiles {
            app.time_us += profile.count(Fact::TimeSpent);
            app.has_proxy |= profile.observed(Fact::ProxyRan) > 0;
            let way = way(profile);
            app.by_way[way] = app.by_way[way] + Totals::of(profile);
            app.reads[way] = app.reads[way].and(CookiesSet::of(profile));
            let page = |handler: &Handler| handler.route.clone();
            match (profile.handler.kind, &profile.handler.action) {
                (HandlerKind::ServerAction, Some(Action::NotFound)) => {
                    app.pages.entry(page(&profile.handler)).or_default().unknown_ids =
                        unknown_ids(profile, action_ids);
                }
                (HandlerKind::ServerAction, _) => {
                    app.has_action = true;
                    let known = app.pages.entry(page(&profile.handler)).or_default();
                    known.actions += 1;
                    known.add_requests(profile);
                }
                (HandlerKind::Page, _) => {
                    let known = app.pages.entry(page(&profile.handler)).or_default();
                    known.add_requests(profile);
                    known.as_page += profile.count(Fact::Calls);
                    known.with_basic += profile.count(Fact::WithBasic);
                    // A page that caches may keep says so, whoever answers.
                    known.from_cache += profile.count(Fact::CacheHits).max(profile.count(Fact::CacheAllowed));
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
            cookies_elsewhere: self.reads[way(profile)].less(CookiesSet::of(profile)).share(),
            cookies_on_other_writes: self.cookies_on_other_writes(profile),
            pages_seen: self.calling_pages(profile).map(|(route, _)| route.clone()).collect(),
            pages_prerendered: self.prerendered(profile),
            basic_on_pages: self.basic_on_pages(profile),
            others: self.totals.others(self.by_way[way(profile)], Totals::of(profile)),
            build: Arc::default(),
            actions_called: self.has_action,
            habits: Habits::default(),
        }
    }

    /// Whether other writes show the cookies of reads at least half as often as these; `None` of a read.
    fn cookies_on_other_writes(&self, profile: &Profile<'_>) -> Option<bool> {
        /// Other writes that say something of all of them. [judgement]
        const ENOUGH: usize = 2;
        /// Share of other writes that is nearly all: some may be of people who have no session yet. [judgement]
        const NEARLY_ALL: f64 = 0.75;
        CookiesSet::of_write(profile)?;
        let of_reads = self.reads[way(profile)].share()?;
        let others: Vec<f64> =
            self.writes.iter().filter(|(id, _)| *id != profile.id).map(|(_, set)| set.rate()).collect();
        let showing = others.iter().filter(|rate| **rate >= of_reads / 2.0).count();
        (others.len() >= ENOUGH).then(|| as_f64(showing as u64) >= NEARLY_ALL * as_f64(others.len() as u64))
    }

    /// The pages that call a Handler and were seen as pages.
    fn calling_pages<'p>(&'p self, profile: &'p Profile<'_>) -> impl Iterator<Item = (&'p String, &'p Page)> {
        let seen = |(route, _): &'p (String, f64)| Some((route, self.pages.get(route)?));
        profile.pages.iter().filter_map(seen).filter(|(_, page)| page.as_page > 0.0)
    }

    fn prerendered(&self, profile: &Profile<'_>) -> BTreeSet<String> {
        /// Share of requests to a page. [judgement]
        const MOST: f64 = 0.5;
        let ahead = |(_, page): &(&String, &Page)| page.from_cache > MOST * page.as_page;
        self.calling_pages(profile).filter(ahead).map(|(route, _)| route.clone()).collect()
    }

    fn basic_on_pages(&self, profile: &Profile<'_>) -> f64 {
        let pages = self.calling_pages(profile);
        let (basic, all) =
            pages.fold((0.0, 0.0), |(basic, all), (_, page)| (basic + page.with_basic, all + page.as_page));
        if all > 0.0 { basic / all } else { 0.0 }
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

/// By which way the requests of a Handler come: 1 where the proxy runs for most of them.
fn way(profile: &Profile<'_>) -> usize {
    usize::from(profile.share(Fact::ProxyRan, Fact::Calls).is_some_and(|share| share.observed > 0.5))
}

impl CookiesSet {
    /// Those of one Handler; none unless it is a page, or a route that is read.
    fn of(profile: &Profile<'_>) -> Self {
        let kind = profile.handler.kind;
        if kind == HandlerKind::Page || (kind.is_route() && profile.handler.method == "GET") {
            Self { answers: profile.count(Fact::Calls), with_cookie: profile.count(Fact::SetsCookie) }
        } else {
            Self::default()
        }
    }

    /// Those of one action, or of a route that is not read, with enough calls to say how often it sets a cookie.
    fn of_write(profile: &Profile<'_>) -> Option<Self> {
        /// Calls from which on one Handler's rate of cookies says something. [judgement]
        const ENOUGH: f64 = 10.0;
        let kind = profile.handler.kind;
        let writes =
            kind == HandlerKind::ServerAction || (kind.is_route() && profile.handler.method != "GET");
        let set = Self { answers: profile.count(Fact::Calls), with_cookie: profile.count(Fact::SetsCookie) };
        (writes && set.answers >= ENOUGH).then_some(set)
    }

    fn rate(self) -> f64 {
        self.with_cookie / self.answers
    }

    fn and(self, other: Self) -> Self {
        Self { answers: self.answers + other.answers, with_cookie: self.with_cookie + other.with_cookie }
    }

    fn less(self, other: Self) -> Self {
        Self { answers: self.answers - other.answers, with_cookie: self.with_cookie - other.with_cookie }
    }

    fn share(self) -> Option<f64> {
        /// Answers that say something of all the others. [judgement]
        const ENOUGH: f64 = 20.0;
        (self.answers >= ENOUGH).then(|| (self.with_cookie / self.answers).clamp(0.0, 1.0))
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

fn unknown_ids(profile: &Profile<'_>, action_ids: &HashSet<&str>) -> UnknownIds {
    let of_ui = profile.observed(Fact::UnknownIdsOfUi);
    let ids = profile.observed_values(Dimension::UnknownAction);
    let of_builds =
        ids.iter().filter(|(id, _)| action_ids.contains(id.as_str())).map(|(_, calls)| calls).sum();
    let hours = profile.observed_values(Dimension::UnknownActionHour);
    let told: u64 = hours.iter().map(|(_, calls)| calls).sum();
    // Of very many hours chance keeps a part, which stands for the others.
    let kept = if told > 0 { as_f64(of_ui) / as_f64(told) } else { 1.0 };
    let numbers = || hours.iter().filter_map(|(hour, _)| hour.parse::<u32>().ok());
    let span = numbers().min().zip(numbers().max()).map_or(0, |(first, last)| last - first + 1);
    UnknownIds {
        calls: profile.observed(Fact::ActionNotFound),
        // In the pace of the page itself is no replay.
        hammered: profile.observed(Fact::Hammered).saturating_sub(profile.observed(Fact::ControlHammered)),
        of_builds,
        clients: as_f64(profile.observed_values(Dimension::UnknownActionClient).len() as u64),
        hours: whole(as_f64(hours.len() as u64) * kept),
        span_hours: span,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of hours")]
fn whole(hours: f64) -> usize {
    hours.round() as usize
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
