//! What a Handler does with data: whether it only reads, and what says so. A name alone is the weakest ground; effects of
//! the proxy or of a session library, which every answer of the app shows, are no effects of one Handler.

use pointsman_store::Action;

use super::Profile;
use crate::evidence::{Dimension, Fact, Measure};
use crate::naming::{self, Named};

/// Share of Calls that may show an effect in a Handler that reads.
const EFFECTS: f64 = 0.05;
/// Share of Calls whose child spans read and do not write, in a Handler that reads.
const READING: f64 = 0.95;
/// Calls below which child spans prove nothing.
const ENOUGH: u64 = 20;
/// Share of equal requests by different clients that got equal answers, in a Handler that reads. [judgement]
const EQUAL: f64 = 0.95;
/// Smaller answers, bytes, may be equal because they say nothing: `{ "ok": true }`. [judgement]
const DATA: f64 = 1_000.0;

/// What a Handler does with data, as far as its traces and its name say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It only reads: no effect was seen, and reading was.
    Reads,
    /// It changes something.
    Writes,
    /// Neither is certain: mails, queues and logs leave no trace either.
    Unclear,
}

/// What says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grounds {
    /// Next.js made it so: a `'use cache'` function cannot write.
    Construction,
    /// What was seen of its calls: child spans, cookies, redirects, pages rendered again.
    Traffic,
    /// Its name alone.
    Name,
    /// Nothing does.
    Nothing,
}

/// What a Handler does with data, and what says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// What it does.
    pub seen: Seen,
    /// What says so.
    pub grounds: Grounds,
}

impl Profile<'_> {
    /// Whether the action reads, writes, or cannot be known to do either.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.access().seen
    }

    /// The same, with what says so.
    #[must_use]
    pub fn access(&self) -> Access {
        let is = |seen, grounds| Access { seen, grounds };
        if self.share_of_calls(Fact::CachedFunctions) > 1.0 - EFFECTS {
            return is(Seen::Reads, Grounds::Construction);
        }
        if self.shows_effects() {
            return is(Seen::Writes, Grounds::Traffic);
        }
        match self.access_by_work() {
            // A row that is made when it is missing, a token that is renewed when it is old: rare, and an effect all the same.
            Access { seen: Seen::Reads, .. } if self.has_rare_effects() => {
                is(Seen::Unclear, Grounds::Traffic)
            }
            access => access,
        }
    }

    /// Whether its name or its child spans say that it reads; a page rendered again, a cookie or a redirect do not count.
    #[must_use]
    pub fn looks_like_reading(&self) -> bool {
        self.access_by_work().seen == Seen::Reads
    }

    /// The same, where the cookies of its answers are not its own: what says that it reads must then be more than child spans,
    /// since an action that writes its own cookie does something besides (it signs in, it chooses a language).
    #[must_use]
    pub fn looks_like_reading_but_for_cookies(&self) -> bool {
        let own_cookie = self.surroundings.cookies_on_other_writes == Some(false);
        let by_name = self.named() == Named::Reads;
        self.looks_like_reading() && (by_name || !own_cookie)
    }

    /// Whether a route that is asked by POST only reads: a search, a report, a check. Its name, its child spans, or equal
    /// answers to equal requests of different clients say so, and nothing says the opposite.
    #[must_use]
    pub fn reads_by_post(&self) -> bool {
        if !self.handler.kind.is_route() || self.handler.method != "POST" {
            return false;
        }
        if self.count(Fact::WriteWork) > 0.0 || self.shows_effects() || self.creates() {
            return false;
        }
        match naming::of_route(&self.handler.route) {
            Named::Writes | Named::Mixed => false,
            Named::Reads => true,
            Named::Silent => self.work_reads() || self.answers_are_equal(),
        }
    }

    /// What its name and its child spans say together.
    fn access_by_work(&self) -> Access {
        let is = |seen, grounds| Access { seen, grounds };
        let writes = self.count(Fact::WriteWork) > 0.0;
        match self.named() {
            Named::Writes => is(Seen::Writes, Grounds::Name),
            Named::Mixed => is(Seen::Unclear, Grounds::Nothing),
            Named::Reads if self.work_reads() => is(Seen::Reads, Grounds::Traffic),
            Named::Reads if !writes && !self.made_anew() => is(Seen::Reads, Grounds::Name),
            Named::Silent if self.work_reads() && !writes => is(Seen::Reads, Grounds::Traffic),
            Named::Reads | Named::Silent => is(Seen::Unclear, Grounds::Nothing),
        }
    }

    /// Whether the child spans of nearly all its calls read and do not write.
    fn work_reads(&self) -> bool {
        self.observed(Fact::ReadWork) >= ENOUGH && self.share_of_calls(Fact::ReadWork) > READING
    }

    /// Whether more than a few calls show that something changed. A cookie that the app's reads get as well is nobody's
    /// effect, nor is the page that Next.js renders again because of it.
    fn shows_effects(&self) -> bool {
        let own = if self.surroundings.cookies_are_ambient() {
            self.count(Fact::Rerendered) - self.count(Fact::RerenderedWithCookie)
        } else {
            self.count(Fact::Rerendered).max(self.count(Fact::SetsCookie))
        };
        let total = self.count(Fact::Calls).max(1.0);
        let others = [Fact::Redirected, Fact::WriteWork, Fact::FormPosts, Fact::NativeFormPosts];
        own / total > EFFECTS || others.into_iter().any(|fact| self.count(fact) / total > EFFECTS)
    }

    /// Whether a few calls show that something changed, where hardly any do.
    fn has_rare_effects(&self) -> bool {
        let cookies = || !self.surroundings.cookies_are_ambient() && self.observed(Fact::SetsCookie) > 0;
        self.observed(Fact::WriteWork) > 0 || cookies()
    }

    /// Whether it answers 201: it says itself that it creates something.
    fn creates(&self) -> bool {
        self.values(Dimension::Status).iter().any(|(status, _)| status == "201")
    }

    /// Whether different clients that asked the same got the same data.
    pub(crate) fn answers_are_equal(&self) -> bool {
        let equal = self.share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients);
        let all_equal = equal.is_some_and(|share| share.samples >= ENOUGH && share.observed >= EQUAL);
        all_equal && self.quantile(Measure::ResponseBytes, 0.5).is_some_and(|bytes| bytes >= DATA)
    }

    /// Whether visitors of whom nothing is known ask the same and nearly never get the same: it is made for each of them, as a
    /// challenge is.
    fn made_anew(&self) -> bool {
        self.answers_differ() && self.share_of_calls(Fact::WithCredentials) <= EFFECTS
    }

    /// Whether enough answers to equal requests of different clients were compared to say anything about them.
    pub(crate) fn answers_were_compared(&self) -> bool {
        let equal = self.share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients);
        equal.is_some_and(|share| share.samples >= ENOUGH)
    }

    /// Whether different clients that asked the same nearly never got the same.
    pub(crate) fn answers_differ(&self) -> bool {
        let equal = self.share(Fact::EqualAcrossClients, Fact::ComparedAcrossClients);
        equal.is_some_and(|share| share.samples >= ENOUGH && share.observed <= EFFECTS)
    }

    fn share_of_calls(&self, fact: Fact) -> f64 {
        self.count(fact) / self.count(Fact::Calls).max(1.0)
    }

    /// Whether the app's build or its spans told what the action is called.
    pub(crate) fn has_a_name(&self) -> bool {
        matches!(self.handler.action, Some(Action::Export { .. }))
    }

    /// What the name of an action says.
    fn named(&self) -> Named {
        match &self.handler.action {
            Some(Action::Export { name, .. }) => naming::of_function(name),
            _ => Named::Silent,
        }
    }
}
