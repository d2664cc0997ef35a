# The OpenTelemetry SDK for Python as its documentation shows it: the environment says where to and how, except for the
# protocol, which its packages fix. It sends all three signals; the traces are those of the senders in other languages,
# and what must arrive is said by the test.

import logging
import os
import sys

from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

VALUES = {
    "value.text": "Größe → 📦 日本語",
    "value.empty": "",
    "value.true": True,
    "value.int": 42,
    "value.int.largest": 2**63 - 1,
    "value.int.smallest": -(2**63),
    "value.double": 0.1,
    "value.double.huge": sys.float_info.max,
    "value.double.nan": float("nan"),
    "value.double.infinite": float("inf"),
    "value.double.minus_infinite": float("-inf"),
    "value.texts": ["a", "", "ü"],
    "value.ints": [1, -1],
    "value.doubles": [0.5, -0.25],
    "value.bools": [True, False],
    "value.none": [],
}

# The trace of the W3C's examples.
LINK = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True, TraceFlags(TraceFlags.SAMPLED))


def main():
    # The SDK tells its troubles as warnings and errors.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    logs = LoggerProvider()
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))

    metrics.get_meter("senders").create_counter("senders.runs").add(1)
    logs.get_logger("senders").emit(LogRecord(body="a line", attributes={"log.note": "ü"}))
    send_as_told(traces)
    for provider in (traces, metrics, logs):
        provider.shutdown()


def send_as_told(provider):
    """Each line of the standard input is a number of traces to send; says which spans it made, and when they are flushed."""
    tracer = provider.get_tracer("senders")
    for line in sys.stdin:
        for number in range(int(line)):
            for span in make_trace(tracer, VALUES if number == 0 else {}):
                print(f"{span.trace_id:032x} {span.span_id:016x}")
        if not provider.force_flush():
            print("not flushed in time", file=sys.stderr)
        print("flushed", flush=True)


def make_trace(tracer, values):
    attributes = {"http.request.method": "GET", "url.path": "/values", "http.route": "/values", "http.response.status_code": 200}
    links = [Link(LINK, {"link.note": "ü"})]
    request = tracer.start_span("GET /values", kind=SpanKind.SERVER, attributes=attributes | values, links=links)
    within = set_span_in_context(request)
    render = tracer.start_span("render", within, SpanKind.INTERNAL)
    fetch = tracer.start_span("fetch", within, SpanKind.CLIENT, {"http.request.method": "GET"})
    query = tracer.start_span("query", set_span_in_context(fetch), SpanKind.CLIENT)
    request.add_event("note", {"event.note": "ü"})
    query.set_status(Status(StatusCode.ERROR))
    spans = [query, fetch, render, request]
    for span in spans:
        span.end()
    return [span.get_span_context() for span in spans]


main()
