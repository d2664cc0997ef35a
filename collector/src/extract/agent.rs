//! What a user agent says about who sends it. What follows for the class of a caller is `caller`'s business.

use woothee::parser::Parser;

/// What kind of program names itself so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// A browser, or what passes for one.
    Browser,
    /// The HTTP client of Node.js itself: `fetch` on a server.
    NodeFetch,
    /// Crawler, health probe, scheduler of a platform, scanner.
    Bot,
    /// A client library or an app: anything else.
    Library,
}

/// Parts of user agents, lower case, of probes, monitors, schedulers, crawlers and scanners that do not call
/// themselves bot, crawler or spider.
const BOTS: [&str; 48] = [
    "kube-probe",
    "elb-healthchecker",
    "googlehc",
    "uptimerobot",
    "uptime-kuma",
    "pingdom",
    "statuscake",
    "betteruptime",
    "better uptime",
    "better stack",
    "site24x7",
    "datadog/synthetics",
    "datadogsynthetics",
    "newrelicpinger",
    "checkly",
    "freshping",
    "hetrixtools",
    "updown.io",
    "route53-health-check",
    "amazon-route53",
    "cloudflare-healthchecks",
    "cloudflare-traffic-manager",
    "azure traffic manager",
    "alwayson",
    "edge health probe",
    "consul health check",
    "haproxy",
    "blackbox-exporter",
    "blackbox exporter",
    "prometheus/",
    "nagios",
    "check_http",
    "zabbix",
    "vercel-cron",
    "vercel-screenshot",
    "google-cloud-scheduler",
    "facebookexternalhit",
    "mediapartners-google",
    "google-read-aloud",
    "whatsapp/",
    "lighthouse",
    "zgrab",
    "masscan",
    "nuclei",
    "nikto",
    "sqlmap",
    "nmap scripting",
    "l9explore",
];

/// What kind of program a user agent names.
pub(super) fn program(agent: &str) -> Program {
    let lower = agent.to_ascii_lowercase();
    let product = product(&lower);
    if matches!(product, "node" | "undici" | "node.js") {
        return Program::NodeFetch;
    }
    let named = ["bot", "crawler", "spider", "crawl"].iter().any(|word| ends_a_word(&lower, word));
    if named || BOTS.iter().any(|bot| lower.contains(bot)) {
        return Program::Bot;
    }
    if !lower.starts_with("mozilla/") && !lower.starts_with("opera/") {
        return Program::Library;
    }
    match Parser::new().parse(agent) {
        Some(result) if result.category == "crawler" => Program::Bot,
        _ => Program::Browser,
    }
}

/// Whether the word stands in the text and no letter follows it: `Googlebot/2.1`, not `robotics`.
fn ends_a_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let next = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        next.is_none_or(|next| !next.is_ascii_alphabetic())
    })
}

/// Product token or family: `okhttp`, `curl`, `Chrome`. For people to read.
pub(super) fn family(agent: &str) -> Option<String> {
    let name = if agent.starts_with("Mozilla/") {
        let parsed = Parser::new().parse(agent).map(|result| result.name);
        parsed.filter(|name| *name != "UNKNOWN").unwrap_or("Mozilla")
    } else {
        product(agent)
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    (!name.is_empty()).then_some(name)
}

/// The first product of a user agent, without version and comment.
fn product(agent: &str) -> &str {
    agent.trim().split(['/', '(', ';']).next().unwrap_or_default().trim()
}
