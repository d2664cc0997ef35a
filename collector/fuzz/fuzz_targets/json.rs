//! Any bytes as an OTLP request in JSON: what can be read becomes protobuf that the door can read.
#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use pointsman_collector::wire::{check_protobuf, json_to_protobuf};

fuzz_target!(|bytes: &[u8]| {
    let Ok(otlp) = json_to_protobuf(bytes) else { return };
    check_protobuf(&otlp).expect("what JSON became is protobuf");
    assert!(support::admitted_and_extracted(&otlp), "what JSON became is read by the door");
});
