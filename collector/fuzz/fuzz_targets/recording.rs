//! Any bytes as a recorded file: every part is a request or a fault that names its place, and the end is reached.
#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;
use pointsman_collector::wire::file;

fuzz_target!(|bytes: &[u8]| {
    for (at, part) in file::requests("fuzz", bytes).enumerate() {
        assert!(at <= bytes.len(), "a part of no bytes");
        match part {
            // The door looks deeper than whoever finds the requests; what it refuses replay tells by its place.
            Ok(otlp) => {
                support::admitted_and_extracted(&otlp);
            }
            Err(fault) => assert!(fault.to_string().starts_with("fuzz, ")),
        }
    }
});
