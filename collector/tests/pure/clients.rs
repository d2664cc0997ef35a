//! Who is one client: a session before an address, and two people behind one address for two.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use pointsman_collector::admit::{Limits, Secret, admit};
use pointsman_store::ClientKey;
use prost::Message;

use crate::made::{NOON, SERVER, found, request, sent, span, text};
use crate::support::decoded;

const DAY_NS: u64 = 86_400_000_000_000;

/// The client of a request with these attributes once it has passed the door, so many ns before noon.
fn client_at(before_ns: u64, attributes: Vec<KeyValue>) -> Option<ClientKey> {
    let mut attributes_of_all = request("GET", "app_route", 200, Vec::new()).attributes;
    attributes_of_all.extend(attributes);
    let mut of_request = span(1, 0, SERVER, (0, 10), attributes_of_all);
    of_request.start_time_unix_nano -= before_ns;
    of_request.end_time_unix_nano -= before_ns;
    let otlp = sent(Vec::new(), vec![of_request]).encode_to_vec();
    let admitted = admit(&otlp, NOON, &Limits::default(), &Secret::new("s")).unwrap();
    let passed = decoded(&admitted.otlp);
    assert!(!format!("{passed:?}").contains("secret-value"), "a cookie's value passed the door");
    crate::support::extract([passed]).calls[0].client
}

fn client(attributes: Vec<KeyValue>) -> Option<ClientKey> {
    client_at(0, attributes)
}

/// Someone behind an address that many share, all with the same browser.
fn behind_nat(cookie: &str) -> Vec<KeyValue> {
    let mut attributes = at("10.0.0.1");
    attributes.push(text("http.request.header.cookie", cookie));
    attributes
}

fn at(address: &str) -> Vec<KeyValue> {
    vec![text("client.address", address), text("user_agent.original", "Mozilla/5.0")]
}

#[test]
fn two_people_behind_one_address_are_two() {
    let (one, two) =
        (client(behind_nat("a=b; sid=secret-value-1")), client(behind_nat("sid=secret-value-2")));
    assert!(one.is_some() && two.is_some() && one != two);
    assert_ne!(one, client(at("10.0.0.1")));
    assert_eq!(one, client(behind_nat("sid=secret-value-1; a=c")));
}

#[test]
fn a_session_is_one_client_on_every_network_for_a_day() {
    let cookie = || text("http.request.header.cookie", "sid=secret-value-1");
    let elsewhere = at("10.0.0.2").into_iter().chain([cookie()]).collect();
    assert_eq!(client(elsewhere), client(behind_nat("sid=secret-value-1")));
    assert_eq!(client(vec![cookie()]), client(behind_nat("sid=secret-value-1")), "without any address");
    let before = client_at(DAY_NS, behind_nat("sid=secret-value-1"));
    assert!(before.is_some() && before != client(behind_nat("sid=secret-value-1")));
}

#[test]
fn without_a_session_the_address_counts() {
    for cookie in ["sid=", "PHPSESSID=deleted", "theme=dark"] {
        assert_eq!(client(behind_nat(cookie)), client(at("10.0.0.1")), "{cookie}");
    }
    let forwarded = |value| {
        let header = text("http.request.header.forwarded", value);
        client([header, text("user_agent.original", "Mozilla/5.0")].to_vec())
    };
    assert_eq!(forwarded("by=10.0.0.9;for=10.0.0.1"), client(at("10.0.0.1")));
    assert_eq!(forwarded("by=10.0.0.9;proto=https"), None, "all behind a proxy are not one");
}

#[test]
fn what_the_package_says_stands() {
    let mut told = behind_nat("sid=secret-value-1");
    told.push(text("pointsman.client.key", "00000000000000ff"));
    assert_eq!(client(told), Some(ClientKey(255)));
    assert!(found(Vec::new(), vec![request("GET", "app_route", 200, Vec::new())]).calls[0].client.is_none());
}
