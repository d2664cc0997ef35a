//! Each sender delivers, over each protocol and compression it knows: every span once, every value as it was, metrics
//! and logs without a complaint.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use super::program::{Program, Protocol, SPANS_PER_TRACE, SpanKey};
use super::support::pointsman;
use super::{World, stored};

const TRACES: usize = 200;

/// Lets a sender deliver, and checks all that arrived. `compression` is what it is told to use, `None` what it does
/// by itself.
fn delivers(program: Program, protocol: Protocol, compression: Option<&str>) {
    let world = World::new(protocol);
    let variable = compression.map(|name| ("OTEL_EXPORTER_OTLP_COMPRESSION", name));
    let mut sender = world.sender(program, variable.as_slice());
    sender.send(TRACES);
    let (sent, troubles) = sender.end();
    assert_eq!(troubles_without_greetings(program, &troubles), "");
    assert_eq!(sent.len(), TRACES * SPANS_PER_TRACE);
    assert_wire(&world, program, compression);
    assert_counted(&world, program, sent.len() as u64);

    let db = world.db();
    let spans = stored::spans(&db);
    assert_eq!(spans.len(), sent.len());
    assert_eq!(stored::keys(&spans), sent.iter().cloned().collect());
    assert_values(&spans, program, protocol);
    assert_shown(&world, &sent);
    let _folder = world.end();
    stored::assert_calls(&db, program, &sent);
}

/// Outside of Vercel its SDK says with each flush that it is not on Vercel.
fn troubles_without_greetings(program: Program, troubles: &str) -> String {
    let greeting =
        |line: &&str| program != Program::Vercel || *line != "@vercel/otel: no telemetry context found";
    troubles.lines().filter(greeting).collect()
}

/// The bytes that went over the wire are compressed as told.
fn assert_wire(world: &World, program: Program, compression: Option<&str>) {
    let compressions = match world.protocol {
        Protocol::Grpc => world.wire.compressions_of_messages(),
        Protocol::HttpProtobuf | Protocol::HttpJson => world.wire.compressions_of_requests(),
    };
    // This SDK does not read the variable.
    let told = compression.filter(|_| program != Program::Vercel);
    assert!(compressions.iter().eq([told.unwrap_or("none")]), "{compressions:?}");
    for head in world.wire.heads() {
        let chunked = head.contains("\r\ntransfer-encoding: chunked");
        assert_eq!(chunked, program == Program::NodeSdk, "{head}");
        assert_ne!(chunked, head.contains("\r\ncontent-length: "), "{head}");
    }
}

/// The daemon's metrics tell the same.
fn assert_counted(world: &World, program: Program, spans: u64) {
    let transport = format!("transport=\"{}\"", world.protocol.transport());
    let accepted = world.metric("pointsman_requests_total", "outcome=\"accepted\"");
    assert!(accepted > 0);
    assert_eq!(world.metric("pointsman_requests_total", &transport), accepted);
    assert_eq!(world.metric("pointsman_requests_total", ""), accepted);
    assert_eq!(world.metric("pointsman_spans_received_total", &transport), spans);
    assert_eq!(world.metric("pointsman_spans_stored_total", ""), spans);
    assert_eq!(world.metric("pointsman_spans_refused_total", ""), 0);
    assert_eq!(world.metric("pointsman_span_parts_cut_total", ""), 0);
    for signal in ["metrics", "logs"] {
        let ignored = world.metric("pointsman_ignored_requests_total", &format!("signal=\"{signal}\""));
        assert_eq!(ignored > 0, program.sends_all_signals(), "{signal}");
    }
}

/// The command shows the traces whole.
fn assert_shown(world: &World, sent: &[SpanKey]) {
    for (trace, _) in [&sent[0], &sent[sent.len() / 2], &sent[sent.len() - 1]] {
        let run = pointsman(&world.db(), ["trace", trace]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        assert!(run.out.starts_with(&format!("trace {trace}, {SPANS_PER_TRACE} spans\n")), "{}", run.out);
        for name in ["GET /values  [senders: /values, 200]", "render", "fetch", "query"] {
            assert!(run.out.contains(name), "{name}: {}", run.out);
        }
    }
}

/// One span has attributes of every kind; it and its relations are stored as they were sent.
fn assert_values(spans: &[Span], program: Program, protocol: Protocol) {
    let with_values = |span: &&Span| stored::value(&span.attributes, "value.text").is_some();
    let request = spans.iter().find(with_values).unwrap();
    for (key, expected) in values(program, protocol) {
        let attribute = request.attributes.iter().find(|attribute| attribute.key == key);
        let attribute = attribute.unwrap_or_else(|| panic!("{key} is missing"));
        // As text, because NaN is not equal to itself.
        let found = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        assert_eq!(format!("{found:?}"), format!("{:?}", expected.as_ref()), "{key}");
    }
    assert_eq!((request.name.as_str(), request.kind()), ("GET /values", SpanKind::Server));
    assert!(request.start_time_unix_nano > 0 && request.end_time_unix_nano >= request.start_time_unix_nano);
    // Of events only exceptions are stored.
    assert_eq!(request.events, []);
    let [link] = request.links.as_slice() else { panic!("{:?}", request.links) };
    assert_eq!(stored::hex(&link.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(stored::hex(&link.span_id), "b7ad6b7169203331");
    assert_eq!(stored::value(&link.attributes, "link.note"), Some(&text("ü")));

    let below = |parent: &Span, name: &str| {
        let child = |span: &&Span| span.parent_span_id == parent.span_id && span.name == name;
        spans.iter().find(child).unwrap_or_else(|| panic!("no {name} below {}", parent.name)).clone()
    };
    assert_eq!(below(request, "render").kind(), SpanKind::Internal);
    let fetch = below(request, "fetch");
    assert_eq!(fetch.kind(), SpanKind::Client);
    let query = below(&fetch, "query");
    assert_eq!(query.status.unwrap().code, 2);
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn list(values: impl IntoIterator<Item = Value>) -> Value {
    let values = values.into_iter().map(|value| AnyValue { value: Some(value) });
    Value::ArrayValue(ArrayValue { values: values.collect() })
}

/// What the attributes of every kind must be once they are stored; `None` is a value that was lost before it arrived.
fn values(program: Program, protocol: Protocol) -> Vec<(&'static str, Option<Value>)> {
    let (smallest, largest) =
        if program.is_javascript() { (-(1 << 53) + 1, (1 << 53) - 1) } else { (i64::MIN, i64::MAX) };
    // The writers of JSON that these SDKs use have no word for such numbers but null.
    let strange = |number| (protocol != Protocol::HttpJson).then_some(Value::DoubleValue(number));
    // JavaScript takes it for an integer, which has no room for it.
    let huge = match (program, protocol) {
        (Program::Vercel, Protocol::HttpProtobuf) => Some(Value::IntValue(0)),
        (Program::Vercel | Program::NodeSdk, Protocol::HttpJson) => None,
        _ => Some(Value::DoubleValue(f64::MAX)),
    };
    let rest = [
        ("value.text", text("Größe → 📦 日本語")),
        ("value.empty", text("")),
        ("value.true", Value::BoolValue(true)),
        ("value.int", Value::IntValue(42)),
        ("value.int.largest", Value::IntValue(largest)),
        ("value.int.smallest", Value::IntValue(smallest)),
        ("value.double", Value::DoubleValue(0.1)),
        ("value.texts", list(["a", "", "ü"].map(text))),
        ("value.ints", list([1, -1].map(Value::IntValue))),
        ("value.doubles", list([0.5, -0.25].map(Value::DoubleValue))),
        ("value.bools", list([true, false].map(Value::BoolValue))),
        ("value.none", list([])),
    ];
    let mut values = vec![
        ("value.double.huge", huge),
        ("value.double.nan", strange(f64::NAN)),
        ("value.double.infinite", strange(f64::INFINITY)),
        ("value.double.minus_infinite", strange(f64::NEG_INFINITY)),
    ];
    values.extend(rest.map(|(key, value)| (key, Some(value))));
    values
}

/// A test for each line: its name, the program, the protocol, the compression.
macro_rules! senders {
    ($($name:ident: $program:ident over $protocol:ident $(with $compression:literal)?;)*) => {$(
        #[test]
        #[ignore = "wants installed senders: make test-senders, make test-senders-full"]
        fn $name() {
            delivers(Program::$program, Protocol::$protocol, None::<&str>$(.or(Some($compression)))?);
        }
    )*};
}

mod node {
    use super::{Program, Protocol, delivers};

    senders! {
        vercel_otel_over_protobuf: Vercel over HttpProtobuf;
        vercel_otel_over_json: Vercel over HttpJson;
        vercel_otel_ignores_compression: Vercel over HttpProtobuf with "gzip";
        node_sdk_over_grpc: NodeSdk over Grpc;
        node_sdk_over_grpc_gzip: NodeSdk over Grpc with "gzip";
        node_sdk_over_protobuf: NodeSdk over HttpProtobuf;
        node_sdk_over_protobuf_gzip: NodeSdk over HttpProtobuf with "gzip";
        node_sdk_over_json: NodeSdk over HttpJson;
        node_sdk_over_json_gzip: NodeSdk over HttpJson with "gzip";
    }
}

mod python {
    use super::{Program, Protocol, delivers};

    senders! {
        python_sdk_over_grpc: Python over Grpc;
        python_sdk_over_grpc_gzip: Python over Grpc with "gzip";
        python_sdk_over_protobuf: Python over HttpProtobuf;
        python_sdk_over_protobuf_gzip: Python over HttpProtobuf with "gzip";
    }
}

mod rust {
    use super::{Program, Protocol, delivers};

    senders! {
        rust_sdk_over_grpc: Rust over Grpc;
        rust_sdk_over_grpc_gzip: Rust over Grpc with "gzip";
        rust_sdk_over_grpc_zstd: Rust over Grpc with "zstd";
        rust_sdk_over_protobuf: Rust over HttpProtobuf;
        rust_sdk_over_protobuf_gzip: Rust over HttpProtobuf with "gzip";
        rust_sdk_over_protobuf_zstd: Rust over HttpProtobuf with "zstd";
        rust_sdk_over_json: Rust over HttpJson;
        rust_sdk_over_json_gzip: Rust over HttpJson with "gzip";
        rust_sdk_over_json_zstd: Rust over HttpJson with "zstd";
    }
}
