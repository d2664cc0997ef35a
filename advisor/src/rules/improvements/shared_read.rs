//! **shared-read**: pages read what is the same for everybody, each with its own token.
//!
//! Seen: GETs of the app's own pages that bring a token, of which the answers of different clients never differ; the upper end of
//! the 95 % interval of the share that does is one in twenty or less.
//! Why: a shared cache must not answer a request with a token, because it does not check it. But a layout or server component can
//! read such data once on the server, in the response that brings the page: no request of the browser is left. All versions.
//! Source: Next.js docs, "Fetching Data"; RFC 9111, section 3.5 (answers to requests with `authorization`).
//! Guard: silent where caching is allowed already, and where other clients than the app's pages call. Equal answers of up to 64
//! bytes do not count. Silent where some calls come without a token: then a token opens what not everybody may see, and who renders
//! the page has none to check.
//! Example: `GET /api/config` with `authorization: Bearer ...` on each page.

use pointsman_store::Caller;

use super::super::{Finding, Knobs, Rule, Statement, counted, is_get_route};
use super::cache_get::{Public, is_handled};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::Gain;
use crate::profile::Profile;

/// Share of calls with a token: of all of them, or a part is open and another one is not.
const TOKENS: f64 = 0.98;
/// Share of calls that must come from the app's own pages: only these can read it otherwise.
const OWN_UI: f64 = 0.95;

/// The threshold is the upper bound of the share of answers that differ.
pub(in super::super) static RULE: Rule =
    improvement("shared-read", "read once what is the same for everyone", 0.05, 30, is_get_route, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.is_unsampled() || is_handled(profile) {
        return Finding::Silent;
    }
    let share = |fact| profile.share(fact, Fact::Calls).map_or(0.0, |share| share.observed);
    let Some(public) = Public::seen(profile, true) else { return Finding::Silent };
    let Some(bound) = public.upper_bound(profile) else { return Finding::Silent };
    let proven = public.differed == 0 && public.compared >= knobs.min_samples && bound <= knobs.threshold;
    if share(Fact::WithToken) < TOKENS || share(Fact::by(Caller::OwnUi)) < OWN_UI || !proven {
        return Finding::Silent;
    }
    let text = format!(
        "everybody gets the same answer ({} between different clients, none differed), but a shared cache must not answer requests \
         with a token: where the page itself checks who is signed in, read it once in the layout or a server component and pass it down",
        counted(public.compared, "comparison")
    );
    let per_day = profile.estimate_per_day(Fact::ReadsSoonAfterLoad);
    let gain = Gain::of_one_request(per_day);
    let statement = Statement::of_quantity(
        bound,
        public.compared,
        text,
        "answers that differ between clients".to_owned(),
    );
    Finding::Holds(statement.with(profile.exemplars(Fact::ReadsSoonAfterLoad)).gaining(gain))
}
