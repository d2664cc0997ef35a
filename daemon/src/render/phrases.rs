//! Words for names of the machine-readable report: what to do about an improvement, why a handler stays, who calls.

/// What to do about an improvement; the rule's id where it has no words.
pub(crate) fn remedy(rule: &str) -> &str {
    match rule {
        "action-external-caller" => "add a route for callers that are not browsers",
        "action-long-running" => "start the work in the action and let a route report on it",
        "action-over-limit" => "raise serverActions.bodySizeLimit, or upload in another way",
        "action-read-on-load" => "read the data in the server component",
        "action-refresh-loop" => "stop the endless refresh",
        "action-replay" => "block the client that repeats an unknown action id",
        "action-self-fetch" => "call the function instead of fetching the app's own API",
        "action-typeahead" => "wait for a pause in typing before calling it",
        "batch-burst" => "send the calls of one burst as one",
        "cache-defeated" => "let the cache work: something defeats it",
        "cache-get" => "let a cache answer it",
        "cookie-rerender" => "do not set a cookie when the action only reads",
        "duplicate-get" => "share the answer instead of asking twice",
        "error-shape" => "fix the 5xx errors",
        "forwarded-action" => "avoid forwarding the action to another worker",
        "navigate-after-action" => "redirect inside the action",
        "origin-host-mismatch" => "allow the origin in serverActions.allowedOrigins",
        "overwide-revalidation" => "revalidate only what has changed",
        "payload-diet" => "send less data",
        "prefetch-load" => "prefetch fewer links",
        "private-cache-get" => "let the browser keep the answer",
        "proxy-redirects-action" => "do not redirect action requests in the proxy",
        "refresh-after-action" => "refresh inside the action",
        "replica-key-mismatch" => "set the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY on all instances",
        "route-read-on-load" => "read the data in the server component",
        "sequential-waterfall" => "run its queries in parallel",
        "server-self-fetch" => "call the function instead of fetching the app's own API",
        "shared-read" => "read once what is the same for everyone",
        "unauthenticated-action" => "check the session in the action",
        "unsafe-get" => "do not change data in a GET",
        "webhook-signature" => "let signed webhooks in: they are turned away",
        "version-skew" => "set a deployment id, so that old pages reload",
        other => other,
    }
}

/// Why a handler stays, by the rule that decides it.
pub(crate) fn blocker(rule: &str) -> &str {
    match rule {
        "beacon-or-keepalive" => "sent as a beacon while pages are left",
        "body-near-limit" => "bodies too large for an action",
        "crawler-or-wellknown" => "read by crawlers or at a well-known path",
        "cross-origin-caller" => "called from other origins",
        "external-nonbrowser-client" => "called by clients that are not browsers",
        "http-cached-get" => "answered by HTTP caches",
        "navigation-target" => "opened as links or redirects",
        "pages-router-caller" => "called from the Pages Router",
        "pe-form-in-use" => "forms that work without JavaScript",
        "scheduler-or-probe" => "called by schedulers or probes",
        "stream-or-binary" => "stream or send files",
        "subresource" => "embedded in pages",
        "token-without-cookie" => "called with a token instead of a session cookie",
        "webhook-signature" => "called by webhooks",
        "worker-caller" => "called by workers",
        _ => "would be advised back as actions",
    }
}

/// A class of callers; what is not known yet as it is.
pub(crate) fn caller(class: &str) -> &str {
    match class {
        "own_ui" => "the app's own pages",
        "server" => "the app's server",
        "cross_origin" => "pages of other origins",
        "external" => "clients that are not browsers",
        "bot" => "crawlers",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use pointsman_advisor::rules::{Effect, RULES};

    use super::*;

    #[test]
    fn every_improvement_and_every_blocker_has_its_words() {
        for rule in RULES {
            match rule.effect {
                Effect::Improves => assert_ne!(remedy(rule.id), rule.id),
                Effect::BlocksAction | Effect::BlocksRoute => {
                    assert_ne!(blocker(rule.id), blocker("no-such-rule"), "{}", rule.id);
                }
                _ => {}
            }
        }
    }
}
