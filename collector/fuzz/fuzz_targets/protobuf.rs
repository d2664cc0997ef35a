//! Any bytes as an OTLP request in protobuf: what passes the door passes it again unchanged, can be read back, and
//! gives Calls of spans that have ended only.
#![no_main]

mod support;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    support::admitted_and_extracted(bytes);
});
