//! Which moves would spare the user the same waiting, so that it must not be promised twice.

use std::collections::BTreeSet;

use pointsman_store::Fingerprint;

use crate::evidence::InteractionKind;
use crate::profile::Profile;

/// Handlers that belong together, and all that were seen in their bursts.
struct Group {
    touched: BTreeSet<Fingerprint>,
    members: BTreeSet<Fingerprint>,
}

/// The Handlers among these whose gains overlap, group by group: actions that wait for each other in the same bursts.
/// Those that stand alone are in none.
pub(crate) fn overlaps<'a>(
    profiles: impl IntoIterator<Item = &'a Profile<'a>>,
) -> Vec<BTreeSet<Fingerprint>> {
    let mut groups: Vec<Group> = Vec::new();
    for profile in profiles {
        let mut joined =
            Group { touched: shares_bursts_with(profile), members: BTreeSet::from([profile.id]) };
        groups.retain_mut(|other| {
            let related = joined.touches(other) || other.touches(&joined);
            if related {
                joined.touched.append(&mut other.touched);
                joined.members.append(&mut other.members);
            }
            !related
        });
        groups.push(joined);
    }
    let mut overlapping: Vec<BTreeSet<Fingerprint>> =
        groups.into_iter().map(|group| group.members).filter(|members| members.len() > 1).collect();
    overlapping.sort();
    overlapping
}

impl Group {
    fn touches(&self, other: &Self) -> bool {
        !self.touched.is_disjoint(&other.members)
    }
}

/// The Handlers in whose bursts it was seen.
fn shares_bursts_with(profile: &Profile<'_>) -> BTreeSet<Fingerprint> {
    let kinds = [InteractionKind::SerialActions, InteractionKind::ActionOnLoad];
    let bursts = kinds.into_iter().flat_map(|kind| profile.interactions(kind));
    bursts.flat_map(|burst| burst.steps.iter().map(|step| step.handler)).collect()
}
