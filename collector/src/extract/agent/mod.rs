//! What a user agent says about who sends it: what kind of program, and under which name people know it. What follows for
//! the class of a caller is `caller`'s business; `crawlers` knows the names of those that are nobody's client.

mod crawlers;
mod remembered;

use std::ops::Range;

use woothee::parser::Parser;

pub(super) use remembered::read;

use crawlers::Named;

/// Longer user agents are read as far as this, bytes.
const LONGEST: usize = 512;

/// Longest name of a family, characters.
const LONGEST_FAMILY: usize = 40;

/// What a user agent says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Agent {
    /// What kind of program names itself so.
    pub(super) program: Program,
    /// Product token or family, for people to read: `okhttp`, `curl`, `Chrome`, `GPTBot`.
    pub(super) family: Option<String>,
}

/// What kind of program names itself so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// A browser, or what passes for one.
    Browser,
    /// A browser within an app (`WebView`), or an app that took over its name.
    WebView,
    /// A browser that a program drives.
    Driven,
    /// The `fetch` of a JavaScript server.
    ServerFetch,
    /// Crawler, monitor, health probe, scheduler, scanner, preview, test tool: known by name.
    Bot,
    /// It calls itself a bot, and no list knows it.
    SelfNamed,
    /// A client library or an app: anything else.
    Library,
    /// A CDN that put its own name in place of the caller's.
    Relay,
}

/// Products whose `fetch` servers use, lower case; the last is Next.js's own in the proxy.
const SERVER_FETCHES: [&str; 6] = ["node", "node.js", "undici", "bun", "deno", "next.js middleware"];

/// CDNs that replace the user agent unless they are told to pass it on, lower case.
const RELAYS: [&str; 1] = ["amazon cloudfront"];

/// Scripts and office programs that put a browser's name before their own, lower case. Source: what `Invoke-WebRequest`,
/// `UrlFetchApp` and Office send.
const SCRIPTS: [&str; 5] =
    ["google-apps-script", "windowspowershell/", "powershell/", "microsoft office", "ms-office"];

/// HTTP stacks of apps: whatever such an app is called, it runs on somebody's phone.
const APP_STACKS: [&str; 7] =
    ["CFNetwork/", "okhttp/", "Dart/", "Alamofire/", "Expo/", "ktor-client", "Ktor client"];

/// Reads a user agent. It is slow for names that no cache holds: [`read`] remembers.
fn parse(agent: &str) -> Agent {
    let agent = agent.get(..agent.floor_char_boundary(LONGEST)).unwrap_or_default().trim();
    let product = product(agent);
    let lower = product.to_ascii_lowercase();
    let own_name = |program| Agent { program, family: shown(product) };
    if SERVER_FETCHES.contains(&&*lower) {
        return own_name(Program::ServerFetch);
    }
    if RELAYS.contains(&&*lower) {
        return own_name(Program::Relay);
    }
    if APP_STACKS.iter().any(|stack| agent.contains(stack)) {
        return own_name(Program::Library);
    }
    if let Some(script) = script(agent) {
        return Agent { program: Program::Library, family: shown(script) };
    }
    let as_browser = agent.starts_with("Mozilla/") || agent.starts_with("Opera/");
    match crawlers::find(agent) {
        Some(found) if found.named == Named::Driven && as_browser => {
            return Agent { program: Program::Driven, family: browser_family(agent) };
        }
        Some(found) if as_browser => {
            let name = found.place.and_then(|place| whole_name(agent, place)).and_then(shown);
            return Agent { program: Program::Bot, family: name.or_else(|| browser_family(agent)) };
        }
        Some(_) => return own_name(Program::Bot),
        None => {}
    }
    let program = if calls_itself_a_bot(agent) {
        Program::SelfNamed
    } else if !as_browser {
        Program::Library
    } else {
        browser(agent)
    };
    Agent { program, family: if as_browser { browser_family(agent) } else { shown(product) } }
}

/// Whether it names a browser that sends `sec-fetch-site` with every request over HTTPS: Chromium from 76 and Firefox from 90
/// on, with some years added for what is built like them. A `WebView` is the app's to change.
pub(super) fn names_its_site(agent: &str) -> bool {
    /// Product and the first version that counts. Source: MDN, `Sec-Fetch-Site` ("Browser compatibility").
    const SINCE: [(&str, u32); 2] = [("Chrome/", 100), ("Firefox/", 100)];
    let version = |product: &str| {
        let (_, rest) = agent.split_once(product)?;
        rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    read(agent).program == Program::Browser
        && SINCE.iter().any(|(product, since)| version(product).is_some_and(|known| known >= *since))
}

/// The name of the script or office program that a browser's name stands before.
fn script(agent: &str) -> Option<&str> {
    let lower = agent.to_ascii_lowercase();
    SCRIPTS.iter().find_map(|script| {
        let at = lower.find(script)?;
        agent.get(at..at + script.len()).map(|name| name.trim_end_matches('/'))
    })
}

/// What kind of browser names itself so.
fn browser(agent: &str) -> Program {
    // Android marks its WebView; on iOS Safari and what is built like it have a word that the WebView lacks.
    let android = agent.contains("; wv)");
    let apple = ["iPhone", "iPad", "iPod"].iter().any(|device| agent.contains(device));
    if android || (apple && agent.contains("AppleWebKit/") && !agent.contains("Safari/")) {
        return Program::WebView;
    }
    match Parser::new().parse(agent) {
        Some(result) if result.category == "crawler" => Program::Bot,
        _ => Program::Browser,
    }
}

/// Whether it says so itself: `Acmebot/2.1`, not `robotics`, nor a phone of the brand Cubot.
fn calls_itself_a_bot(agent: &str) -> bool {
    let lower = agent.to_ascii_lowercase();
    ["bot", "crawler", "spider", "crawl"].iter().any(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let next = lower.get(at + word.len()..).and_then(|rest| rest.chars().next());
            let brand = lower.get(..at).is_some_and(|before| before.ends_with("cu"));
            next.is_none_or(|next| !next.is_ascii_alphabetic()) && !brand
        })
    })
}

/// The whole name of which a part was found: `Googlebot` for `Googlebot/`.
fn whole_name(agent: &str, found: Range<usize>) -> Option<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let start = agent.get(..found.start)?.trim_end_matches(is_part).len();
    let last = agent.get(..found.end)?.trim_end_matches('/').len();
    let end = agent.len() - agent.get(last..)?.trim_start_matches(is_part).len();
    agent.get(start..end)
}

/// The family of a browser, or of what passes for one.
fn browser_family(agent: &str) -> Option<String> {
    let parsed = Parser::new().parse(agent).map(|result| result.name);
    shown(parsed.filter(|name| *name != "UNKNOWN").unwrap_or("Mozilla"))
}

/// A name as it is shown.
fn shown(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_FAMILY).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The first product of a user agent, without version and comment.
fn product(agent: &str) -> &str {
    agent.split(['/', '(', ';']).next().unwrap_or_default().trim()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
