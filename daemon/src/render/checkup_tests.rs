//! Who did not send what is missing, and the setting that brings it.

use pointsman_advisor::{Coverage, Proxied};
use pointsman_store::AppFact;

use super::*;

/// A service whose package is at work, where so many of 100 calls have a client key and a status.
fn checkup(with_key: u64, package_lacks_it: bool, untrusted: u64) -> Checkup {
    let row = |attribute, share, package_lacks_it| Coverage {
        attribute,
        share,
        matters_for: "things",
        package_lacks_it,
    };
    #[expect(clippy::cast_precision_loss, reason = "at most a hundred")]
    let share = with_key as f64 / 100.0;
    let scope = AppFact {
        service: "shop".into(),
        environment: None,
        build: None,
        name: "otel.scope.name".into(),
        value: "@pointsman/nextjs".into(),
        first_seen_ns: 1,
        last_seen_ns: 1,
    };
    Checkup {
        service: "shop".into(),
        environment: None,
        coverage: vec![row(CLIENT_KEY, share, package_lacks_it), row("http.request.body.size", 0.5, false)],
        proxied: Proxied { untrusted, by_package: 100, with_key },
        facts: vec![scope],
    }
}

fn said(checkup: &Checkup) -> String {
    text(std::slice::from_ref(checkup), &[])
}

#[test]
fn clients_behind_a_proxy_come_with_the_settings_that_tell_them_apart() {
    for (untrusted, named) in [(0, false), (80, true)] {
        let said = said(&checkup(0, true, untrusted));
        assert!(said.contains("trustProxy") && said.contains("sessionCookies"), "{said}");
        assert_eq!(said.contains("80 calls"), named, "{said}");
    }
    let known = said(&checkup(99, false, 0));
    assert!(!known.contains("trustProxy"), "{known}");
}

#[test]
fn other_instrumentation_is_named_only_for_what_it_did_not_send() {
    let said = said(&checkup(100, false, 0));
    assert!(said.contains("other instrumentation"), "{said}");
    let mut own = checkup(100, false, 0);
    own.coverage.iter_mut().for_each(|row| row.package_lacks_it = true);
    let said = text(std::slice::from_ref(&own), &[]);
    assert!(!said.contains("other instrumentation"), "{said}");
    assert!(said.contains("its spans lack: http.request.body.size"), "{said}");
    own.coverage[1].attribute = ACTION_NAMES;
    let said = text(std::slice::from_ref(&own), &[]);
    assert!(said.contains("does not name all Server Actions") && !said.contains("its spans lack"), "{said}");
}
