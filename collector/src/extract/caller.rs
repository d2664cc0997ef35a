//! Who called, as a class: the first line of evidence that applies decides. The reasons stand in `docs/callers.md`, for
//! users too; a test holds its table to [`LINES`]. What user agents and origins say is read elsewhere.

use pointsman_store::{Caller, HandlerKind};

use super::agent::Program;
use super::origin;
use super::requests::Request;

/// What is known of a request when its caller is looked for.
struct Seen<'a> {
    request: &'a Request<'a>,
    program: Option<Program>,
    /// Kind of the code that answered: an action is a page's.
    kind: HandlerKind,
    status: Option<u16>,
}

/// One line of evidence.
struct Line {
    /// As the table for users has it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the test that holds the table for users to this reads it")
    )]
    evidence: &'static str,
    class: Caller,
    applies: fn(&Seen<'_>) -> bool,
}

/// All lines, in the order in which they are asked.
static LINES: [Line; 23] = [
    Line {
        evidence: "below a request of the same service in the trace, begun before that one ended",
        class: Caller::Server,
        applies: |seen| seen.request.above.is_some() && seen.request.within_above,
    },
    Line {
        evidence: "`origin` is that of a browser extension (`chrome-extension:`, `moz-extension:`)",
        class: Caller::CrossOrigin,
        applies: |seen| origin::is_of_extension(seen.request),
    },
    Line {
        evidence: "`sec-fetch-site: same-origin`",
        class: Caller::OwnUi,
        applies: |seen| seen.site() == Some("same-origin"),
    },
    Line {
        evidence: "a webhook's signature",
        class: Caller::External,
        applies: |seen| seen.request.attributes.signature().is_some(),
    },
    Line {
        evidence: "user agent of a crawler, monitor, probe, scheduler, scanner, preview or test tool",
        class: Caller::Bot,
        applies: |seen| seen.program == Some(Program::Bot),
    },
    Line {
        evidence: "user agent that calls itself a bot, without a token",
        class: Caller::Bot,
        applies: |seen| seen.program == Some(Program::SelfNamed) && !seen.has_token(),
    },
    Line {
        evidence: "`sec-fetch-site: none` of a navigation by GET",
        class: Caller::OwnUi,
        applies: |seen| {
            let navigates = seen.header("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
            seen.site() == Some("none") && navigates && !seen.changes()
        },
    },
    Line {
        evidence: "`sec-fetch-site: none` of anything else",
        class: Caller::CrossOrigin,
        applies: |seen| seen.site() == Some("none"),
    },
    Line {
        evidence: "`sec-fetch-site: same-site` or `cross-site`",
        class: Caller::CrossOrigin,
        applies: |seen| matches!(seen.site(), Some("same-site" | "cross-site")),
    },
    Line {
        evidence: "`fetch` of a JavaScript server, to a loopback host",
        class: Caller::Server,
        applies: |seen| seen.is_server_fetch() && origin::is_loopback(seen.request),
    },
    Line {
        evidence: "no browser, no credentials, and 404 or 405 on a path without a route",
        class: Caller::Bot,
        applies: |seen| seen.is_no_browser() && seen.found_no_route() && !seen.has_credentials(),
    },
    Line {
        evidence: "user agent of a library, an app or a server",
        class: Caller::External,
        applies: |seen| seen.program.is_some() && seen.is_no_browser(),
    },
    Line {
        evidence: "captured headers without a user agent",
        class: Caller::External,
        applies: |seen| seen.program.is_none() && seen.request.headers_captured(),
    },
    Line {
        evidence: "`origin` is the request's own host",
        class: Caller::OwnUi,
        applies: |seen| origin::same_host(seen.request) == Some(true),
    },
    Line {
        evidence: "`origin` is another host, or an app's own (`capacitor:`, `ionic:`, `file:`)",
        class: Caller::CrossOrigin,
        applies: |seen| origin::same_host(seen.request) == Some(false),
    },
    Line {
        evidence: "`origin: null`",
        class: Caller::CrossOrigin,
        applies: |seen| seen.header("origin") == Some("null"),
    },
    Line {
        evidence: "a browser's name, and POST, PUT, PATCH or DELETE without `origin` on a span of the package, where \
                   something was found",
        class: Caller::External,
        applies: |seen| seen.is_named_as_browser() && seen.lacks_origin() && !seen.found_nothing(),
    },
    Line {
        evidence: "`referer` is a page of the same host",
        class: Caller::OwnUi,
        applies: |seen| origin::page(seen.request).is_some(),
    },
    Line {
        evidence: "`referer` is a page of another host",
        class: Caller::CrossOrigin,
        applies: |seen| origin::foreign_host(seen.request).is_some(),
    },
    Line {
        evidence: "headers of the client router (`rsc`, `next-action`, `next-router-prefetch`)",
        class: Caller::OwnUi,
        applies: |seen| seen.came_from_the_router(),
    },
    Line {
        evidence: "a browser's name, captured headers without any of the above, and nothing was found there",
        class: Caller::Bot,
        applies: |seen| seen.is_browser_without_a_page() && seen.found_nothing(),
    },
    Line {
        evidence: "name of a WebView, captured headers without any of the above, on an API route",
        class: Caller::External,
        applies: |seen| {
            let page = seen.kind == HandlerKind::Page;
            seen.program == Some(Program::WebView) && seen.is_browser_without_a_page() && !page
        },
    },
    Line {
        evidence: "name of a browser that a program drives, captured headers without any of the above",
        class: Caller::Bot,
        applies: |seen| seen.program == Some(Program::Driven) && seen.is_browser_without_a_page(),
    },
];

/// The class of who sent a request, whose user agent names this program; `kind` is that of the code that answered.
pub(super) fn find(
    request: &Request<'_>,
    program: Option<Program>,
    kind: HandlerKind,
    status: Option<u16>,
) -> Caller {
    let seen = Seen { request, program, kind, status };
    LINES.iter().find(|line| (line.applies)(&seen)).map_or(Caller::Unknown, |line| line.class)
}

impl Seen<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.request.attributes.request_header(name)
    }

    fn site(&self) -> Option<&str> {
        self.header("sec-fetch-site")
    }

    /// Browsers of today send `sec-fetch-mode` with `sec-fetch-site`; servers send the mode alone.
    fn is_server_fetch(&self) -> bool {
        let mode = self.header("sec-fetch-mode").is_some() || !self.request.headers_captured();
        self.program == Some(Program::ServerFetch) && mode
    }

    /// Whether it names itself something else than a browser, or, with captured headers, not at all.
    fn is_no_browser(&self) -> bool {
        match self.program {
            Some(program) => {
                matches!(program, Program::ServerFetch | Program::SelfNamed | Program::Library)
            }
            None => self.request.headers_captured(),
        }
    }

    fn is_named_as_browser(&self) -> bool {
        matches!(self.program, Some(Program::Browser | Program::WebView | Program::Driven))
    }

    /// Whether it changes something and names no origin, as browsers do with every such request. Only the package is known
    /// to capture `origin`: whoever else captures headers may have left it out.
    fn lacks_origin(&self) -> bool {
        self.changes() && self.request.own && !self.request.forwarded && self.header("origin").is_none()
    }

    fn changes(&self) -> bool {
        matches!(&*self.request.method, "POST" | "PUT" | "PATCH" | "DELETE")
    }

    /// Whether it is a browser by name and nothing that was captured tells of a page it was on.
    fn is_browser_without_a_page(&self) -> bool {
        self.is_named_as_browser()
            && self.request.headers_captured()
            && ["sec-fetch-mode", "sec-fetch-dest"].into_iter().all(|name| self.header(name).is_none())
    }

    fn came_from_the_router(&self) -> bool {
        ["rsc", "next-action", "next-router-prefetch"].into_iter().any(|name| self.header(name).is_some())
    }

    fn has_token(&self) -> bool {
        let words = self.request.attributes.credentials();
        words.iter().any(|word| matches!(*word, "bearer" | "basic" | "api-key"))
    }

    fn has_credentials(&self) -> bool {
        !self.request.attributes.credentials().is_empty()
    }

    fn found_no_route(&self) -> bool {
        self.kind == HandlerKind::Unmatched && matches!(self.status, Some(404 | 405))
    }

    /// Whether there was no route, or a browser was told that nothing is there; apps ask for what is gone, too.
    fn found_nothing(&self) -> bool {
        let refused = matches!(self.status, Some(404 | 405 | 410)) && self.program == Some(Program::Browser);
        self.kind == HandlerKind::Unmatched || refused
    }
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
