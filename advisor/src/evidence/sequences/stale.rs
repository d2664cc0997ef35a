//! Mutations after which the user saw old data: nothing was refreshed, and soon one page was loaded twice. Whether a page was
//! loaded twice just as well before the mutation is looked at too.

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, may_write, same_page, shows_page};
use super::controls::parts;
use super::follow::can_be_followed;
use super::{SECOND, after};

/// The user looks at the page within this time after the mutation, ns.
const LOOKS: i64 = 60 * SECOND.cast_signed();
/// ... and loads it again within this time, ns.
const LOADS_AGAIN: i64 = 30 * SECOND.cast_signed();

/// A time in which a page may be loaded twice.
struct Period {
    /// ns since the epoch.
    begins_ns: u64,
    /// A refresh within this time after that is the page's own, ns.
    own_refresh: i64,
}

/// Counts the mutations of routes of the timeline that left the user with old data.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut last_write = None;
    for (index, mutation) in line.calls.iter().enumerate() {
        let counts = mutation.call.handler.kind.is_route() && can_be_followed(mutation.call);
        if counts {
            let own_refresh = line.rhythm.document(mutation.call);
            let later = line.calls.get(index + 1..).unwrap_or_default();
            let after = Period { begins_ns: mutation.call.end_ns(), own_refresh };
            let stale = after.shows_old_data(line, later);
            let control = before(line, index, last_write);
            if let Some(mut about) = pass.about(*mutation) {
                if stale {
                    about.exemplify(Fact::FollowedByReload);
                }
                if let Some((known, happened)) = control {
                    about.count_many(Fact::ReloadControls, known);
                    if happened {
                        about.count(Fact::ControlReload);
                    }
                }
            }
        }
        if may_write(mutation.call) {
            last_write = Some(mutation.call.end_ns());
        }
    }
}

/// How much of the time before a mutation is known, in thousandths, and whether the same happened in it; `None` where the
/// client came or wrote just before.
fn before(line: &Timeline<'_>, index: usize, last_write: Option<u64>) -> Option<(u64, bool)> {
    let mutation = line.calls.get(index)?.call;
    let came_ns =
        line.calls.first().map_or(0, |first| first.call.start_ns).max(last_write.unwrap_or_default());
    let begins_ns = mutation.start_ns.saturating_sub((LOOKS + LOADS_AGAIN).unsigned_abs()).max(came_ns);
    let known = after(mutation.start_ns, begins_ns);
    if known <= 0 {
        return None;
    }
    let from = line.calls.partition_point(|known| known.call.start_ns < begins_ns);
    let happened =
        Period { begins_ns, own_refresh: i64::MIN }.shows_old_data(line, line.calls.get(from..index)?);
    Some((parts(known, LOOKS + LOADS_AGAIN), happened))
}

impl Period {
    /// Whether one page was loaded twice in it, with no mutation between, and none was refreshed at once.
    fn shows_old_data(&self, line: &Timeline<'_>, calls: &[Known<'_>]) -> bool {
        let since = |known: &Known<'_>| after(known.call.start_ns, self.begins_ns);
        let mut seen: Option<Known<'_>> = None;
        for known in calls.iter().take_while(|known| since(known) <= LOOKS + LOADS_AGAIN) {
            if can_be_followed(known.call) {
                return false;
            }
            if !shows_page(known.call) {
                continue;
            }
            if since(known) <= self.own_refresh {
                return false;
            }
            let again = seen.is_some_and(|first| {
                let pair = (first.call, known.call);
                same_page(first.call.path.as_ref(), known.call.path.as_ref())
                    && line.within(pair, after(known.call.start_ns, first.call.start_ns), 1, LOADS_AGAIN)
                        == Certainty::Holds
            });
            if again {
                return true;
            }
            seen = Some(*known);
        }
        false
    }
}
