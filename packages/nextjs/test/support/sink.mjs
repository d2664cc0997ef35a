// A tiny OTLP/HTTP receiver: keeps every span it is sent, as protobuf or JSON, and waits for those a test asks for.

import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { setTimeout as sleep } from 'node:timers/promises'
import { spansOfProtobuf } from './protobuf.mjs'

const SERVER = 2

export async function startSink() {
  const spans = []
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const raw = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
    if (request.url === '/v1/traces') {
      const json = request.headers['content-type'].includes('json')
      spans.push(...(json ? spansOfJson(JSON.parse(body)) : spansOfProtobuf(body)))
    }
    response.end()
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    spans,
    url: `http://127.0.0.1:${server.address().port}`,
    own: () => spans.filter((span) => span.scope.name === '@pointsman/nextjs' && span.kind === SERVER),
    close: () => new Promise((resolve) => server.close(resolve)),
    /** The spans for which `wanted` holds, once there are `count` of them. */
    async until(wanted, count = 1, ms = 10_000) {
      for (const end = Date.now() + ms; ; await sleep(25)) {
        const found = spans.filter(wanted)
        if (found.length >= count) return found
        if (Date.now() > end) throw new Error(`the sink has ${found.length} of ${count} spans after ${ms} ms: ${wanted}`)
      }
    },
  }
}

function spansOfJson(request) {
  const out = []
  for (const group of request.resourceSpans)
    for (const scoped of group.scopeSpans)
      for (const span of scoped.spans)
        out.push({
          scope: scoped.scope,
          resource: attributes(group.resource.attributes),
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId ?? '',
          name: span.name,
          kind: span.kind,
          start: BigInt(span.startTimeUnixNano),
          end: BigInt(span.endTimeUnixNano),
          attributes: attributes(span.attributes),
          links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
          status: span.status?.code ?? 0,
        })
  return out
}

const attributes = (pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]))

function plain(value) {
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(plain)
  if ('intValue' in value) return Number(value.intValue)
  return Object.values(value)[0]
}
