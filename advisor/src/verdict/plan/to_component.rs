//! The steps from an action to a read in a server component.

use super::names::{action, first_page, kebab};
use crate::evidence::Fact;
use crate::profile::{Grounds, Profile};

pub(super) fn steps(profile: &Profile) -> Vec<String> {
    let (name, file) = action(profile);
    let page = first_page(profile);
    let mut steps = vec![
        only_reads(profile, &name, &page),
        format!("move what {name} reads into a plain async function next to {file}, without `'use server'`"),
        format!(
            "in the server component of {page}, write `const data = await {name}(...)` and pass it down as props; start \
             several reads together with `Promise.all`, which runs in parallel on the server"
        ),
        format!(
            "wrap slow parts of {page} in `<Suspense>`, so that the rest of the page does not wait for them"
        ),
        format!(
            "on {page}, remove `useEffect(() => {{ {name}(...).then(set...) }}, [])` and its loading state"
        ),
    ];
    let others = called_elsewhere(profile);
    if others.is_empty() {
        steps.push(format!("then remove {name} from the actions"));
    } else {
        steps.push(format!(
            "on {} it is not called during the page load: serve it there from a GET route (`app/api/{}/route.ts`), or keep the action",
            others.join(" and "),
            kebab(&name)
        ));
    }
    steps.push(format!(
        "test that {page} shows the data with JavaScript off, that the function reads the session itself, and that the time to the \
         first byte of {page} has not grown"
    ));
    steps
}

/// What has to be sure before anything runs with a render.
fn only_reads(profile: &Profile, name: &str, page: &str) -> String {
    let runs = format!(
        "once it is part of {page}, {name} also runs when a link to {page} is prefetched and when a crawler asks for it"
    );
    if profile.access().grounds == Grounds::Name {
        format!("check in its code that {name} only reads, because only its name suggests so: {runs}")
    } else {
        format!("{runs}: leave out what must not happen then, such as counting views or marking as read")
    }
}

/// Pages from which it is called, but hardly with their load.
fn called_elsewhere(profile: &Profile) -> Vec<String> {
    /// Share of a page's calls that come with the load when it is not mentioned.
    const WITH_LOAD: f64 = 0.5;
    if profile.observed(Fact::SoonAfterLoad) == 0 {
        return Vec::new();
    }
    let with_load = &profile.load_pages;
    let loads =
        |page: &str| with_load.iter().find(|(route, _)| route == page).map_or(0.0, |(_, calls)| *calls);
    let elsewhere = profile.pages.iter().filter(|(page, calls)| loads(page) < calls * WITH_LOAD);
    elsewhere.map(|(page, _)| page.clone()).take(3).collect()
}
