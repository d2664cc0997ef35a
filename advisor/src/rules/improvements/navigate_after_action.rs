//! **navigate-after-action**: after the action the client goes to another page at once.
//!
//! Seen: an action that neither redirects nor renders the page, then, as the next thing that this client asks for, a navigation
//! of the client router to another page, at most 1 s after the action's end, or what a slow client needs. As many as come one
//! window later are taken off: people who follow a link do so at any time.
//! Why: `redirect()` inside the action brings the next page in the same response: one round trip less that the user waits for,
//! and no moment in which the old page is still there although the work is done. All versions.
//! Source: Next.js docs, `redirect` ("Server Actions"); next `action-handler.js` (the target is fetched and sent along).
//! Guard: a target that was prefetched as a whole is shown without a request, and then there is nothing to save: such pages are
//! not counted. `redirect()` throws, so it belongs outside of `try`; errors that the form shows stay return values.
//! Example: `const { id } = await createPost(data); router.push(`/posts/${id}`)`.

use super::super::{Finding, Knobs, Rule, Statement, counted, is_action, part_of, percent};
use super::improvement;
use crate::evidence::Fact;
use crate::gain::redirect_inside;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule =
    improvement("navigate-after-action", "redirect inside the action", 0.5, 30, is_action, look);

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if !profile.shows_sequences() {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::FollowedByNavigation) else { return Finding::Silent };
    let gain = redirect_inside(profile);
    let text = format!(
        "{} were followed at once by a navigation to another page{} (p50 {:.0} ms later): redirect() inside the \
         action brings that page in the same response",
        part_of(excess.seen.observed, &counted(excess.seen.samples, "call")),
        excess.beside("the same time afterwards"),
        gain.measured_ms(),
    );
    let flips = format!("under {} are followed by a navigation", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::FollowedByNavigation);
    let statement = Statement::of_share(excess.share, text, flips).with(exemplars).gaining(gain);
    statement.judged_by_excess(excess, knobs).or_silent()
}
