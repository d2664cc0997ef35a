//! The same read of one client again: unchanged, changed, or after a write of the client's own. What a browser's cache may
//! keep, and whether the page's own invalidation would survive that cache, is told by these counts.

use std::collections::HashMap;

use pointsman_store::{Call, Fingerprint, Form, Sign};

use super::super::Fact;
use super::super::pass::{Known, Pass};
use super::super::timeline::{Certainty, Timeline, asks_for_page, may_write};
use super::reads::is_read;
use super::{SECOND, after};

/// The same request again within this time is a duplicate, ns (duplicate-get).
const DUPLICATE: i64 = 2 * SECOND.cast_signed();
/// A repeat that a browser's cache of a minute would answer, ns (private-cache-get).
const REPEAT: i64 = 60 * SECOND.cast_signed();
/// What was asked for longer ago is forgotten, ns.
const REMEMBERED: i64 = 300 * SECOND.cast_signed();

/// The client's last answer to a request.
struct Last<'a> {
    read: Known<'a>,
    hash: u64,
    /// How many writes the client had made by then.
    writes: u32,
    /// How many documents it had loaded by then: a new page shares nothing with the one before.
    documents: u32,
}

/// Counts repeated reads on the timeline.
pub(super) fn count(pass: &mut Pass, line: &Timeline<'_>) {
    let mut last: HashMap<(Fingerprint, u64), Last<'_>, foldhash::fast::FixedState> = HashMap::default();
    let (mut writes, mut documents) = (0, 0);
    for known in &line.calls {
        writes += u32::from(has_written(known.call));
        documents += u32::from(loads_document(known.call));
        let Some((key, hash)) = comparable(known.call) else { continue };
        let before = last.insert((known.handler, key), Last { read: *known, hash, writes, documents });
        let Some(mut about) = pass.about(*known) else { continue };
        about.count(Fact::ReadsCompared);
        let Some(before) = before else { continue };
        let (pair, same) = ((before.read.call, known.call), before.hash == hash);
        let age = after(known.call.start_ns, before.read.call.start_ns);
        let within = |most| line.within(pair, age, i64::MIN, most);
        if before.writes != writes {
            if within(REMEMBERED) == Certainty::Holds {
                about.exemplify(Fact::RefetchedAfterWrite);
                if !same {
                    about.count(Fact::ChangedAfterWrite);
                }
            }
            continue;
        }
        if within(REPEAT) == Certainty::Holds {
            about.exemplify(if same { Fact::UnchangedRepeats } else { Fact::ChangedRepeats });
        }
        if before.documents != documents {
            continue;
        }
        match within(DUPLICATE) {
            Certainty::Holds if same => about.exemplify(Fact::Duplicates),
            Certainty::Unclear if same => about.exemplify(Fact::UnorderedPairs),
            _ => {}
        }
    }
}

/// Request key and response hash of a read whose answer can be compared.
fn comparable(call: &Call) -> Option<(u64, u64)> {
    let eligible = is_read(call) && call.status == Some(200);
    eligible.then_some(call.request_key.zip(call.response_hash)).flatten()
}

/// Whether the browser begins anew: a page is shown that was loaded whole.
fn loads_document(call: &Call) -> bool {
    call.form == Form::Document && asks_for_page(call)
}

/// Whether the Call may have changed something that the client reads. Which actions only read is not known here; that a
/// `'use cache'` function does is.
fn has_written(call: &Call) -> bool {
    may_write(call) && !call.has(Sign::CachedFunction) && call.succeeded() == Some(true)
}
