// What every sender of Node.js sends: traces of four spans, the first of them with attributes of every kind. Which SDK
// delivers them, and how, is nodesdk.mjs' and vercel.mjs' business; what must arrive is said by the test.

import { createInterface } from 'node:readline'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

const VALUES = {
  'value.text': 'Größe → 📦 日本語',
  'value.empty': '',
  'value.true': true,
  'value.int': 42,
  'value.int.largest': Number.MAX_SAFE_INTEGER,
  'value.int.smallest': Number.MIN_SAFE_INTEGER,
  'value.double': 0.1,
  'value.double.huge': Number.MAX_VALUE,
  'value.double.nan': Number.NaN,
  'value.double.infinite': Number.POSITIVE_INFINITY,
  'value.double.minus_infinite': Number.NEGATIVE_INFINITY,
  'value.texts': ['a', '', 'ü'],
  'value.ints': [1, -1],
  'value.doubles': [0.5, -0.25],
  'value.bools': [true, false],
  'value.none': [],
}

// The trace of the W3C's examples.
const LINK = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

/** Each line of the standard input is a number of traces to send; says which spans it made, and when they are flushed. */
export async function sendAsTold(flush) {
  for await (const line of createInterface({ input: process.stdin })) {
    const traces = Array.from({ length: Number(line) }, (_, number) => makeTrace(number === 0 ? VALUES : {}))
    for (const { traceId, spanId } of traces.flat()) console.log(`${traceId} ${spanId}`)
    await flush().catch((error) => console.error(error))
    console.log('flushed')
  }
}

function makeTrace(values) {
  const tracer = trace.getTracer('senders')
  const request = tracer.startSpan('GET /values', {
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'url.path': '/values', 'http.route': '/values', 'http.response.status_code': 200, ...values },
    links: [{ context: LINK, attributes: { 'link.note': 'ü' } }],
  })
  const within = trace.setSpan(context.active(), request)
  const render = tracer.startSpan('render', { kind: SpanKind.INTERNAL }, within)
  const fetch = tracer.startSpan('fetch', { kind: SpanKind.CLIENT, attributes: { 'http.request.method': 'GET' } }, within)
  const query = tracer.startSpan('query', { kind: SpanKind.CLIENT }, trace.setSpan(context.active(), fetch))
  request.addEvent('note', { 'event.note': 'ü' })
  query.setStatus({ code: SpanStatusCode.ERROR })
  const spans = [query, fetch, render, request]
  for (const span of spans) span.end()
  return spans.map((span) => span.spanContext())
}
