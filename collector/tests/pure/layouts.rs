//! The layouts that OTLP is recorded and sent in: lines of JSON, protobuf with and without frames, and what is broken in them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::ArrayValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use pointsman_collector::wire::{check_protobuf, file, json_to_protobuf};
use prost::Message;

use crate::support::{bytes, decoded, requests};

#[test]
fn a_recording_reads_the_same_in_every_layout() {
    let requests = requests("next-16.4");
    let frame = |request: &ExportTraceServiceRequest| {
        let body = request.encode_to_vec();
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
    };
    let frames: Vec<u8> = requests.iter().flat_map(frame).collect();
    let read = |bytes: &[u8]| -> Vec<_> {
        file::requests("f", bytes).map(|request| decoded(&request.unwrap())).collect()
    };
    assert_eq!(read(&frames), requests);
    assert_eq!(read(&requests[0].encode_to_vec()), requests[..1]);
    let lines = bytes("next-16.4");
    let first = lines.split(|byte| *byte == b'\n').next().unwrap();
    let value: serde_json::Value = serde_json::from_slice(first).unwrap();
    assert_eq!(read(serde_json::to_string_pretty(&value).unwrap().as_bytes()), requests[..1]);
    assert_eq!(read(b""), []);
    assert_eq!(read(b"\n\r\n"), []);
}

#[test]
fn a_broken_part_is_a_fault_and_the_rest_is_kept() {
    let lines = bytes("next-16.4");
    let count = requests("next-16.4").len();
    let cut = [&b"{\"resourceSpans\": 7}\n"[..], &lines[..lines.len() - 100]].concat();
    let parts: Vec<_> = file::requests("cut.jsonl", &cut).collect();
    let faults: Vec<_> =
        parts.iter().filter_map(|part| part.as_ref().err()).map(ToString::to_string).collect();
    assert_eq!((parts.len(), faults.len()), (count + 1, 2));
    assert!(faults[0].starts_with("cut.jsonl, line 1: column 19: invalid type"), "{}", faults[0]);
    assert!(faults[1].starts_with(&format!("cut.jsonl, line {}: ", count + 1)), "{}", faults[1]);

    let body = requests("next-16.4")[0].encode_to_vec();
    let frame = [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat();
    let cut = [&frame[..], &frame[..50]].concat();
    let parts: Vec<_> = file::requests("cut.bin", &cut).collect();
    assert!(parts[0].is_ok());
    let fault = parts[1].as_ref().unwrap_err().to_string();
    assert_eq!(fault, format!("cut.bin, byte {}: the last message is cut off after 50 bytes", frame.len()));
}

#[test]
fn json_has_its_traps() {
    let json = br#"{"unknown": {}, "resourceSpans": [null, {"resource": null, "scopeSpans": [{"scope": {"name": null},
      "spans": [{"traceId": "0AF7651916CD43DD8448eb211c80319c", "span_id": "ignored", "spanId": "b7ad6b71",
        "parentSpanId": "zz", "name": null, "kind": 2, "startTimeUnixNano": 1795331434132623779,
        "endTimeUnixNano": "1795331434136865967", "events": null, "links": null, "status": {},
        "attributes": [{"key": "empty", "value": {}}, {"key": "list", "value": {"arrayValue": {}}},
          {"key": "nan", "value": {"doubleValue": "NaN"}}, {"key": "inf", "value": {"doubleValue": "-Infinity"}},
          {"key": "string", "value": {"intValue": "7"}}, {"key": "number", "value": {"intValue": 7}},
          {"key": "map", "value": {"kvlistValue": {"values": null}}}, {"key": "bytes", "value": {"bytesValue": "AQI="}},
          {"key": "none", "value": null}, {"key": "text", "value": {"stringValue": ""}}]}]}]}]}"#;
    let request = decoded(&json_to_protobuf(json).unwrap());
    let span = &request.resource_spans[0].scope_spans[0].spans[0];
    assert_eq!(span.trace_id[..3], [0x0a, 0xf7, 0x65]);
    assert_eq!((span.span_id.len(), span.parent_span_id.len()), (4, 0));
    assert_eq!(
        (span.start_time_unix_nano, span.end_time_unix_nano),
        (1795331434132623779, 1795331434136865967)
    );
    let values: Vec<_> =
        span.attributes.iter().map(|it| it.value.clone().and_then(|value| value.value)).collect();
    assert_eq!(values[0], None);
    assert_eq!(values[1], Some(Value::ArrayValue(ArrayValue::default())));
    assert!(matches!(values[2], Some(Value::DoubleValue(nan)) if nan.is_nan()));
    assert_eq!(values[3], Some(Value::DoubleValue(f64::NEG_INFINITY)));
    assert_eq!((&values[4], &values[5]), (&Some(Value::IntValue(7)), &Some(Value::IntValue(7))));
    assert!(matches!(&values[6], Some(Value::KvlistValue(map)) if map.values.is_empty()));
    assert_eq!(values[7], Some(Value::BytesValue(vec![1, 2])));
    assert_eq!(values[9], Some(Value::StringValue(String::new())));
    let error = json_to_protobuf(b"{\"resourceSpans\": \"x\"}").unwrap_err().to_string();
    assert!(error.starts_with("not an OTLP trace request in JSON: line 1, column "), "{error}");
    assert!(["[]", "null", "7", "{} {}"].iter().all(|json| json_to_protobuf(json.as_bytes()).is_err()));
    assert!(check_protobuf(b"{}").is_err() && check_protobuf(b"").is_ok());
    assert_eq!(json_to_protobuf(b"{}").unwrap(), b"");
}
