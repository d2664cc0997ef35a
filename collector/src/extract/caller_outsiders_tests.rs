//! Outsiders that pass for a browser, and what passes for one of them: pages behind proxies and privacy settings.

use super::*;

/// The class of a POST to a route that the package saw.
fn posted(agent: &str, headers: &[(&str, &str)], status: i64) -> &'static str {
    class_of("POST", Place::Api, true, agent, headers, status)
}

#[test]
fn what_changes_something_without_an_origin_is_no_page() {
    for agent in [CHROME, SAFARI, IOS_SAFARI, IOS_WEBVIEW] {
        for (headers, expected) in [
            (&[SHOP][..], "external"),
            (&[("@pointsman.request.credentials", "bearer"), SHOP], "external"),
            // A script may name any page, and any action that it has seen.
            (&[("referer", "/cart"), SHOP], "external"),
            (&[("next-action", "40ed6c88892d01d47e16d50e7b342a9c1aa9c1744e"), SHOP], "external"),
            // Browsers without `sec-fetch`: plain HTTP, old Safari.
            (&[("origin", "https://shop.example"), SHOP], "own_ui"),
            // A proxy that takes `origin` away, and a form of a page that keeps its referrer to itself.
            (&[("sec-fetch-site", "same-origin"), SHOP], "own_ui"),
            (
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "null"),
                    ("sec-fetch-mode", "navigate"),
                    SHOP,
                ],
                "own_ui",
            ),
            (&[("origin", "null"), SHOP], "cross_origin"),
            (&[("origin", "null"), ("referer", "/cart"), SHOP], "cross_origin"),
        ] {
            assert_eq!(posted(agent, headers, 200), expected, "{agent} {headers:?}");
            let get = class(true, agent, &[SHOP], 200);
            assert!(matches!(get, "unknown" | "external" | "bot"), "a GET needs no origin: {get}");
        }
        // Whoever captures some headers may have left `origin` out.
        assert_eq!(class_of("POST", Place::Api, false, agent, &[("referer", "/cart"), SHOP], 200), "own_ui");
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(class_of(method, Place::Api, true, SAFARI, &[SHOP], 200), "external", "{method}");
    }
    // What found nothing is a scanner's, and a CDN that hides the user agent may hide the origin too.
    assert_eq!(posted(SAFARI, &[SHOP], 404), "bot");
    assert_eq!(class_of("POST", Place::Nowhere, true, SAFARI, &[SHOP], 200), "bot");
    assert_eq!(posted("Amazon CloudFront", &[SHOP], 200), "unknown");
}

#[test]
fn scripts_and_office_programs_are_told_by_the_name_behind_the_browsers() {
    for agent in [
        "Mozilla/5.0 (compatible; Google-Apps-Script; beanserver; +https://script.google.com; id: UAEmdDd-example)",
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.22621.2506",
        "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.22631; en-US) PowerShell/7.4.1",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    ] {
        for method in ["GET", "POST"] {
            assert_eq!(class_of(method, Place::Api, true, agent, &[SHOP], 200), "external", "{agent}");
        }
    }
}

#[test]
fn an_extension_is_no_page_of_the_app() {
    for (headers, expected) in [
        (
            &[("origin", "chrome-extension://abcdefghijklmnop"), ("sec-fetch-site", "none"), SHOP][..],
            "cross_origin",
        ),
        (&[("origin", "moz-extension://0a1b2c3d"), ("sec-fetch-site", "same-origin"), SHOP], "cross_origin"),
        (&[("origin", "safari-web-extension://0A1B"), SHOP], "cross_origin"),
        // What an extension's worker reads: no user navigates so.
        (&[("sec-fetch-site", "none"), ("sec-fetch-mode", "cors"), SHOP], "cross_origin"),
    ] {
        assert_eq!(class(true, SAFARI, headers, 200), expected, "{headers:?}");
        assert_eq!(posted(SAFARI, headers, 200), expected, "{headers:?}");
    }
    // Somebody opened a page; but what posts without a page is the operating system, to a share target.
    let from_nowhere = [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), SHOP];
    assert_eq!(class(true, SAFARI, &from_nowhere, 200), "own_ui");
    assert_eq!(posted(SAFARI, &from_nowhere, 200), "cross_origin");
}

/// What Chromium 156 sent to an app at `localhost:3000`, and over plain HTTP to `shop.example`, as a server saw it.
#[test]
fn what_chromium_sends_is_the_apps_own_where_a_page_of_it_sent_it() {
    const LOCAL: &str = "http://localhost:3000";
    const HTTP: &str = "http://shop.example";
    let host = |origin: &'static str| ("host", origin.split_once("://").map_or("", |(_, host)| host));
    let sent = |site, mode, origin| {
        [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("origin", origin), host(LOCAL)]
    };
    for (what, headers, expected) in [
        ("fetch", &sent("same-origin", "cors", LOCAL)[..], "own_ui"),
        ("sendBeacon", &sent("same-origin", "no-cors", LOCAL), "own_ui"),
        ("a form", &sent("same-origin", "navigate", LOCAL), "own_ui"),
        ("a form of a page with no-referrer", &sent("same-origin", "navigate", "null"), "own_ui"),
        ("a form in a sandboxed frame", &sent("cross-site", "navigate", "null"), "cross_origin"),
        ("fetch over plain HTTP", &[("origin", HTTP), ("referer", "/plain"), host(HTTP)], "own_ui"),
        ("fetch of a page with no-referrer over plain HTTP", &[("origin", HTTP), host(HTTP)], "own_ui"),
        // Nothing tells this one from a file or a sandboxed frame: on the careful side.
        (
            "a form of a page with no-referrer over plain HTTP",
            &[("origin", "null"), host(HTTP)],
            "cross_origin",
        ),
    ] {
        assert_eq!(posted(IOS_SAFARI, headers, 200), expected, "{what}");
    }
    // Ahead of a navigation, by speculation rules.
    let ahead = [
        ("sec-fetch-site", "none"),
        ("sec-fetch-mode", "navigate"),
        ("sec-purpose", "prefetch"),
        host(LOCAL),
    ];
    assert_eq!(class_on(Place::Page, true, IOS_SAFARI, &ahead, 200), "own_ui");
}
