//! What is left on a request's span of the things that go: a client key, which credentials were present, which
//! link names the query had, whether a cookie was set. Gathered while the attributes are walked, written after.

use std::borrow::Cow;

use super::client::{self, Identity};
use super::keyed::Secret;
use super::session;

/// Names that outside parties append to links; of queries nothing else is kept.
const LINK_QUERY_NAMES: [&str; 4] = ["code", "state", "token", "session_id"];

/// What an attribute tells of a request. Of several with the same meaning the one of the lowest rank counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    Address(u8),
    Agent(u8),
    Statement(u8),
    Host(u8),
    Referer,
    Cookie,
    Authorization,
    ApiKey,
    Signature(u8, &'static str),
    SetCookie,
    /// A URL that may have a query.
    Url,
    /// A query.
    Query,
    HasClientKey,
    HasKeyScope,
    HasCredentials,
    HasQueryNames,
    HasSetsCookie,
}

/// What the attributes of one span have told.
#[derive(Clone, Default, Debug)]
pub(crate) struct Marks<'a> {
    address: Option<(u8, String)>,
    agent: Option<(u8, &'a str)>,
    statement: Option<(u8, &'a str)>,
    host: Option<(u8, &'a str)>,
    referer: Option<&'a str>,
    cookie: bool,
    session: Option<Cow<'a, str>>,
    authorization: Option<&'a str>,
    api_key: bool,
    signature: Option<(u8, &'static str)>,
    sets_cookie: bool,
    link_names: [bool; LINK_QUERY_NAMES.len()],
    has_client_key: bool,
    has_key_scope: bool,
    has_credentials: bool,
    has_query_names: bool,
    has_sets_cookie: bool,
}

/// What an attribute that is left in place of others holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Left {
    Text(String),
    Words(Vec<String>),
    Yes,
}

impl<'a> Marks<'a> {
    /// Notes what an attribute tells; `text` is its first text, if it has one.
    pub(crate) fn note(&mut self, mark: Mark, text: Option<&'a str>) {
        match mark {
            Mark::HasClientKey => self.has_client_key = true,
            Mark::HasKeyScope => self.has_key_scope = true,
            Mark::HasCredentials => self.has_credentials = true,
            Mark::HasQueryNames => self.has_query_names = true,
            Mark::HasSetsCookie => self.has_sets_cookie = true,
            Mark::SetCookie => self.sets_cookie = true,
            _ => {
                if let Some(text) = text {
                    self.note_text(mark, text);
                }
            }
        }
    }

    fn note_text(&mut self, mark: Mark, text: &'a str) {
        match mark {
            Mark::Address(rank) if self.address.as_ref().is_none_or(|(known, _)| rank < *known) => {
                if let Some(address) = client::address(text) {
                    self.address = Some((rank, address));
                }
            }
            Mark::Agent(rank) => lower(&mut self.agent, (rank, text)),
            Mark::Statement(rank) => lower(&mut self.statement, (rank, text)),
            Mark::Host(rank) => lower(&mut self.host, (rank, text)),
            Mark::Referer => self.referer = self.referer.or(Some(text)),
            Mark::Signature(rank, name) => lower(&mut self.signature, (rank, name)),
            Mark::Cookie => {
                self.cookie = true;
                self.session = self.session.take().or_else(|| session::of(text));
            }
            Mark::Authorization => self.authorization = self.authorization.or(Some(text)),
            Mark::ApiKey => self.api_key = true,
            Mark::Url => {
                if let Some((_, query)) = text.split_once('?') {
                    self.note_query(query);
                }
            }
            Mark::Query => self.note_query(text.trim_start_matches('?')),
            _ => {}
        }
    }

    fn note_query(&mut self, query: &str) {
        for pair in query.split('&') {
            let name = pair.split('=').next();
            for (seen, link) in self.link_names.iter_mut().zip(LINK_QUERY_NAMES) {
                *seen |= name == Some(link);
            }
        }
    }

    /// The statement that the span's name may repeat.
    pub(crate) fn statement(&self) -> Option<&'a str> {
        self.statement.map(|(_, statement)| statement)
    }

    /// Whether the page that called is not known to be of the host that was asked: its path belongs to somebody else.
    pub(crate) fn referer_is_foreign(&self) -> bool {
        let Some((_, page)) = self.referer.and_then(|referer| referer.split_once("://")) else {
            return false;
        };
        let page = page.split(['/', '?', '#']).next().unwrap_or_default();
        let page = page.rsplit('@').next().unwrap_or_default();
        let own = self.host.map(|(_, host)| host.split(',').next().unwrap_or_default().trim());
        !own.is_some_and(|own| without_port(page).eq_ignore_ascii_case(without_port(own)))
    }

    /// The attributes to leave on the span of a request that began at `start_ns`; what it says itself stays.
    pub(crate) fn left(&self, start_ns: u64, secret: &Secret) -> Vec<(&'static str, Left)> {
        let mut left = Vec::new();
        if !self.has_client_key
            && let Some(identity) = self.identity()
            && let Some(key) = client::key(identity, start_ns, secret)
        {
            left.push(("pointsman.client.key", Left::Text(key)));
            left.push(("pointsman.client.key_basis", Left::Text(identity.basis().to_owned())));
            if let Some(network) = self.network().and_then(|network| client::key(network, start_ns, secret)) {
                left.push(("pointsman.client.network_key", Left::Text(network)));
            }
            if !self.has_key_scope {
                left.push(("pointsman.key.scope", Left::Text("shared".to_owned())));
            }
        }
        let credentials = self.credentials();
        if !self.has_credentials && !credentials.is_empty() {
            left.push(("pointsman.request.credentials", Left::Words(credentials)));
        }
        let seen = self.link_names.iter().zip(LINK_QUERY_NAMES).filter(|(seen, _)| **seen);
        let names: Vec<_> = seen.map(|(_, name)| name.to_owned()).collect();
        if !self.has_query_names && !names.is_empty() {
            left.push(("pointsman.request.query_names", Left::Words(names)));
        }
        if !self.has_sets_cookie && self.sets_cookie {
            left.push(("pointsman.response.sets_cookie", Left::Yes));
        }
        left
    }

    /// What tells the client from others, the better evidence first.
    fn identity(&self) -> Option<Identity<'_>> {
        if let Some(session) = &self.session {
            return Some(Identity::Session(session));
        }
        self.network()
    }

    /// Where the client is, with which program.
    fn network(&self) -> Option<Identity<'_>> {
        let (_, address) = self.address.as_ref()?;
        Some(Identity::Address { address, agent: self.agent.map_or("", |(_, agent)| agent) })
    }

    /// The credentials whose values are about to go, as words of the telemetry contract.
    fn credentials(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.cookie {
            found.push("cookie".to_owned());
        }
        if self.session.is_some() {
            found.push("session".to_owned());
        }
        if let Some(value) = self.authorization {
            let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
            let known = matches!(scheme.as_str(), "bearer" | "basic");
            found.push(if known { scheme } else { "signature:authorization".to_owned() });
        }
        if self.api_key {
            found.push("api-key".to_owned());
        }
        found.extend(self.signature.map(|(_, name)| format!("signature:{name}")));
        found
    }
}

/// A host without its port; behind a proxy the port is another.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Keeps the one of the lower rank; the first one of equal ranks.
fn lower<T>(known: &mut Option<(u8, T)>, new: (u8, T)) {
    if known.as_ref().is_none_or(|(rank, _)| new.0 < *rank) {
        *known = Some(new);
    }
}
