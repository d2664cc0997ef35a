//! User agents of crawlers, monitors, scanners, previews and driven browsers, from a list that others keep
//! (`collector/data/crawler-user-agents`), and where this reads it differently. It knows names only; what follows for the
//! class of a caller is `caller`'s business.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::RegexSet;

/// The vendored list: tags, a tab, a regular expression.
const PATTERNS: &str = include_str!("../../../data/crawler-user-agents/patterns.tsv");

/// Patterns of the list that name what sends webhooks and calls APIs for its customers: somebody waits for the answer, so
/// a move would break it. To take one for a crawler would hide that.
const SENDERS: [&str; 40] = [
    r"AppEngine-Google",
    r"Bitbucket-Webhooks",
    r"Bling ERP",
    r"BlingERP",
    r"Cloudflare-Stream-Hook",
    r"Cloudflare-Stream-Webhook",
    r"ExodusMovement",
    r"GoPay",
    r"Google-Apps-Script",
    r"HubSpot",
    r"IFTTT\/",
    r"Indy Library",
    r"Integromat\/",
    r"Jumio",
    r"Klaviyo\/",
    r"MailChimp",
    r"Make\/",
    r"Metorik",
    r"Mollie HTTP client",
    r"Omnisend\/",
    r"PayPal\/",
    r"Recurly Webhooks\/",
    r"Retool\/",
    r"SFDC-Callout\/",
    r"SendGrid Event API",
    r"Shopify-Captain-Hook",
    r"Snipcart\/",
    r"Sora POS\/",
    r"SparkPost",
    r"SparkShipping",
    r"Stripe\/",
    r"Svix-Webhooks\/",
    r"Trustly\/",
    r"TwilioProxy\/",
    r"Valve\/Steam",
    r"WJHRO\/",
    r"WordPress\/",
    r"YokoyGroupAG\/",
    r"Zapier",
    r"Zendesk Webhook",
];

/// Patterns of the list that name a browser or a part of an app with a person before it.
const BROWSERS: [&str; 5] = [r"Code\/1\.", r"Fluid", r"MetaIAB Facebook", r"Trae\/", r"Viber"];

/// Names that the list lacks, as they are written: probes of platforms and proxies, and tools that test or load an app.
const MORE: [&str; 45] = [
    "kube-probe",
    "ELB-HealthChecker",
    "GoogleHC",
    "Amazon-Route53-Health-Check",
    "Amazon Route 53 Health Check",
    "Azure Traffic Manager",
    "AlwaysOn",
    "Edge Health Probe",
    "healthcheck",
    "health-check",
    "Consul Health Check",
    "Datadog/Synthetics",
    "Traefik-Healthcheck",
    "HAProxy",
    "Envoy/HC",
    "Prometheus/",
    "Blackbox-Exporter",
    "Grafana-Synthetic",
    "k6/",
    "Better Stack",
    "BetterStack",
    "NewRelicPinger",
    "Nagios",
    "Freshping",
    "Gatus",
    "vercel-cron",
    "Google-Cloud-Scheduler",
    "Lighthouse",
    "nuclei",
    "Nuclei",
    "Fuzz Faster U Fool",
    "gobuster",
    "feroxbuster",
    "Artillery",
    "autocannon",
    "ApacheBench",
    "Apache JMeter",
    "Siege/",
    "vegeta",
    "hey/",
    "oha/",
    "bombardier",
    "loadtest/",
    "Gatling",
    "h2load",
];

/// What a name of the list stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    /// Crawler, monitor, scanner, preview, test tool.
    Crawler,
    /// A browser that a program drives.
    Driven,
}

/// A name that was found in a user agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    pub(super) named: Named,
    /// Where it stands, if it is a plain name; a regular expression tells no place.
    pub(super) place: Option<Range<usize>>,
}

struct List {
    /// Plain names: one automaton over all of them.
    plain: AhoCorasick,
    plain_named: Vec<Named>,
    /// The few that are more than a name.
    others: RegexSet,
    others_named: Vec<Named>,
}

/// The first name of the list in a user agent.
pub(super) fn find(agent: &str) -> Option<Found> {
    static LIST: LazyLock<Option<List>> = LazyLock::new(List::read);
    let list = LIST.as_ref()?;
    if let Some(found) = list.plain.find(agent) {
        let named = list.plain_named.get(found.pattern().as_usize()).copied()?;
        return Some(Found { named, place: Some(found.range()) });
    }
    let at = list.others.matches(agent).iter().next()?;
    Some(Found { named: list.others_named.get(at).copied()?, place: None })
}

impl List {
    /// Reads the list that the build carries; a test checks that it can be read.
    fn read() -> Option<Self> {
        let (mut plain, mut plain_named) = (Vec::new(), Vec::new());
        let (mut others, mut others_named) = (Vec::new(), Vec::new());
        for (pattern, named) in entries() {
            if let Some(name) = plain_name(pattern) {
                plain.push(name);
                plain_named.push(named);
            } else {
                others.push(pattern);
                others_named.push(named);
            }
        }
        plain.extend(MORE.map(str::to_owned));
        plain_named.resize(plain.len(), Named::Crawler);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&plain).ok()?;
        Some(Self { plain: automaton, plain_named, others: RegexSet::new(&others).ok()?, others_named })
    }
}

/// The entries of the list that count here.
fn entries() -> impl Iterator<Item = (&'static str, Named)> {
    let entries = PATTERNS.lines().filter_map(|line| line.split_once('\t'));
    let entries = entries.filter(|(_, pattern)| !SENDERS.contains(pattern) && !BROWSERS.contains(pattern));
    entries.map(|(tags, pattern)| {
        let driven = tags.split('+').any(|tag| tag == "browser-automation");
        (pattern, if driven { Named::Driven } else { Named::Crawler })
    })
}

/// The text that a regular expression finds, if it is one text only.
fn plain_name(pattern: &str) -> Option<String> {
    let mut name = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => name.push(letters.next().filter(|escaped| !escaped.is_ascii_alphanumeric())?),
            '.' | '[' | ']' | '(' | ')' | '^' | '$' | '*' | '+' | '?' | '|' | '{' | '}' => return None,
            plain => name.push(plain),
        }
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_all_of_the_list_is_plain_names() {
        let all: Vec<_> = entries().collect();
        let regexes = all.iter().filter(|(pattern, _)| plain_name(pattern).is_none()).count();
        assert!(all.len() > 1_400, "{}", all.len());
        assert!(regexes < 60, "{regexes}");
        assert!(List::read().is_some());
    }

    #[test]
    fn what_is_read_differently_is_still_in_the_list() {
        let listed: Vec<_> = PATTERNS.lines().filter_map(|line| line.split_once('\t')).collect();
        for own in SENDERS.iter().chain(&BROWSERS) {
            assert!(listed.iter().any(|(_, pattern)| pattern == own), "{own}");
        }
    }

    #[test]
    fn a_pattern_is_a_plain_name_when_it_finds_one_text_only() {
        for (pattern, name) in [
            (r"Googlebot\/", Some("Googlebot/")),
            (r"yandex\.com\/bots", Some("yandex.com/bots")),
            (r"developers\.google\.com\/\+\/web", Some("developers.google.com/+/web")),
            ("Better Uptime Bot", Some("Better Uptime Bot")),
            ("[pP]ingdom", None),
            ("^LCC ", None),
            (r"BlogTraffic\/\d", None),
            ("a.b", None),
        ] {
            assert_eq!(plain_name(pattern).as_deref(), name, "{pattern}");
        }
    }
}
