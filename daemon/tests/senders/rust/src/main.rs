//! The OpenTelemetry SDK for Rust as its documentation shows it: the environment says where to and how, except for the
//! encoding, which its builders fix. It sends all three signals; the traces are those of the senders in other
//! languages, and what must arrive is said by the test.

use std::error::Error;
use std::io::BufRead;

use opentelemetry::logs::{LogRecord, Logger, LoggerProvider};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{
    Span, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
    WithTonicConfig,
};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    // The SDK tells its troubles as events of `tracing`.
    let level = std::env::var("OTEL_LOG_LEVEL")?;
    let filter = tracing_subscriber::EnvFilter::new(format!("warn,opentelemetry-otlp={level}"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let protocol = std::env::var("OTEL_EXPORTER_OTLP_PROTOCOL")?;
    let (spans, metrics, logs) = match protocol.as_str() {
        "grpc" => over_grpc()?,
        "http/protobuf" => over_http(Protocol::HttpBinary)?,
        "http/json" => over_http(Protocol::HttpJson)?,
        other => return Err(format!("OTEL_EXPORTER_OTLP_PROTOCOL={other}").into()),
    };
    let traces = SdkTracerProvider::builder().with_batch_exporter(spans).build();
    let metrics = SdkMeterProvider::builder().with_periodic_exporter(metrics).build();
    let logs = SdkLoggerProvider::builder().with_batch_exporter(logs).build();

    metrics.meter("senders").u64_counter("senders.runs").build().add(1, &[]);
    let logger = logs.logger("senders");
    let mut line = logger.create_log_record();
    line.set_body("a line".into());
    logger.emit(line);
    send_as_told(&traces)?;
    traces.shutdown()?;
    metrics.shutdown()?;
    logs.shutdown()?;
    Ok(())
}

type Exporters = (SpanExporter, MetricExporter, LogExporter);

fn over_grpc() -> Outcome<Exporters> {
    Ok((
        SpanExporter::builder().with_tonic().with_retry_policy(patient()).build()?,
        MetricExporter::builder().with_tonic().build()?,
        LogExporter::builder().with_tonic().build()?,
    ))
}

fn over_http(protocol: Protocol) -> Outcome<Exporters> {
    Ok((
        SpanExporter::builder().with_http().with_protocol(protocol).with_retry_policy(patient()).build()?,
        MetricExporter::builder().with_http().with_protocol(protocol).build()?,
        LogExporter::builder().with_http().with_protocol(protocol).build()?,
    ))
}

/// The SDK's own three retries last less than a second; a daemon that is restarted may take longer.
fn patient() -> RetryPolicy {
    RetryPolicy::default().with_max_retries(30)
}

/// Each line of the standard input is a number of traces to send; says which spans it made, and when they are flushed.
fn send_as_told(provider: &SdkTracerProvider) -> Outcome<()> {
    let tracer = provider.tracer("senders");
    for line in std::io::stdin().lock().lines() {
        for number in 0..line?.parse::<u32>()? {
            let values = if number == 0 { values() } else { Vec::new() };
            for span in make_trace(&tracer, values) {
                println!("{} {}", span.trace_id(), span.span_id());
            }
        }
        if let Err(error) = provider.force_flush() {
            eprintln!("{error}");
        }
        println!("flushed");
    }
    Ok(())
}

fn values() -> Vec<KeyValue> {
    let texts = ["a", "", "ü"].map(StringValue::from);
    vec![
        KeyValue::new("value.text", "Größe → 📦 日本語"),
        KeyValue::new("value.empty", ""),
        KeyValue::new("value.true", true),
        KeyValue::new("value.int", 42),
        KeyValue::new("value.int.largest", i64::MAX),
        KeyValue::new("value.int.smallest", i64::MIN),
        KeyValue::new("value.double", 0.1),
        KeyValue::new("value.double.huge", f64::MAX),
        KeyValue::new("value.double.nan", f64::NAN),
        KeyValue::new("value.double.infinite", f64::INFINITY),
        KeyValue::new("value.double.minus_infinite", f64::NEG_INFINITY),
        KeyValue::new("value.texts", Value::Array(Array::String(texts.to_vec()))),
        KeyValue::new("value.ints", Value::Array(Array::I64(vec![1, -1]))),
        KeyValue::new("value.doubles", Value::Array(Array::F64(vec![0.5, -0.25]))),
        KeyValue::new("value.bools", Value::Array(Array::Bool(vec![true, false]))),
        KeyValue::new("value.none", Value::Array(Array::String(Vec::new()))),
    ]
}

/// The trace of the W3C's examples.
fn linked() -> SpanContext {
    let (trace, span) = (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128, 0xb7ad_6b71_6920_3331_u64);
    SpanContext::new(
        TraceId::from(trace),
        SpanId::from(span),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    )
}

fn make_trace(tracer: &SdkTracer, values: Vec<KeyValue>) -> Vec<SpanContext> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", "GET"),
        KeyValue::new("url.path", "/values"),
        KeyValue::new("http.route", "/values"),
        KeyValue::new("http.response.status_code", 200),
    ];
    attributes.extend(values);
    let request = tracer.span_builder("GET /values").with_kind(SpanKind::Server).with_attributes(attributes);
    let mut request = request.start_with_context(tracer, &Context::new());
    request.add_link(linked(), vec![KeyValue::new("link.note", "ü")]);
    request.add_event("note", vec![KeyValue::new("event.note", "ü")]);
    let within = Context::new().with_span(request);
    let render =
        tracer.span_builder("render").with_kind(SpanKind::Internal).start_with_context(tracer, &within);
    let fetch = tracer
        .span_builder("fetch")
        .with_kind(SpanKind::Client)
        .with_attributes([KeyValue::new("http.request.method", "GET")])
        .start_with_context(tracer, &within);
    let below = within.with_span(fetch);
    let mut query =
        tracer.span_builder("query").with_kind(SpanKind::Client).start_with_context(tracer, &below);
    query.set_status(Status::error(""));
    let made = vec![
        query.span_context().clone(),
        below.span().span_context().clone(),
        render.span_context().clone(),
        within.span().span_context().clone(),
    ];
    query.end();
    below.span().end();
    drop(render);
    within.span().end();
    made
}
