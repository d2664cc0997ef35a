// The observer on a plain HTTP server: what happens to spans whose responses never end in the usual way, where a trace
// begins, and who a client is while its session changes.
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { createServer, get } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { propagation } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Beginnings, TrustedPeers } from '../../dist/beginning.js'
import { Build } from '../../dist/build.js'
import { ClientKeys } from '../../dist/client-key.js'
import { Current } from '../../dist/current.js'
import { RememberedHashes } from '../../dist/keyed-hash.js'
import { Observer } from '../../dist/observer.js'
import { settle } from '../../dist/options.js'
import { OWN_CALL_HEADER, OwnCalls } from '../../dist/own-call.js'
import { Spans } from '../../dist/spans.js'
import { UseCache } from '../../dist/use-cache.js'

propagation.setGlobalPropagator(new W3CTraceContextPropagator())

const SECRET = Buffer.alloc(32, 1)
const TRACE = 'a'.repeat(32)
const PARENT = 'b'.repeat(16)

/** A plain server with an observer; `shared` as beside the SDK of the app, or not as beside a vendor's. */
async function observed(answer, { options = {}, shared = true, limit = 100 } = {}) {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const settings = settle(options)
  const ownCalls = new OwnCalls(SECRET)
  const current = new Current()
  const spans = new Spans(0, limit)
  const observer = new Observer({
    tracing: () => ({ tracer: provider.getTracer('test'), shared, factsOnResource: true, flush: () => undefined }),
    beginnings: new Beginnings(ownCalls, new TrustedPeers(settings.trustTraceparent)),
    spans,
    settings,
    exchanges: {
      build: new Build('none', '/nonexistent', false),
      secret: SECRET,
      clients: new ClientKeys(SECRET, settings),
      requestKeys: new RememberedHashes(SECRET),
      maxHashedBytes: 1000,
      graphqlOperationNames: settings.graphqlOperationNames,
    },
    current,
    useCache: new UseCache(current),
    tally: { seen: 0, recorded: 0 },
    facts: {},
  })
  channel('http.server.request.start').subscribe(observer.onRequest)
  const server = createServer(answer)
  await new Promise((resolve) => server.listen(0, resolve))
  const { port } = server.address()
  return {
    port,
    spans,
    current,
    ownCalls,
    ended: () => exporter.getFinishedSpans(),
    async ask(headers = {}, path = '/now') {
      const before = exporter.getFinishedSpans().length
      await new Promise((resolve, reject) => get({ port, path, headers }, (response) => response.resume().on('end', resolve)).on('error', reject))
      while (exporter.getFinishedSpans().length === before) await sleep(5)
      return exporter.getFinishedSpans().at(-1)
    },
    stop() {
      channel('http.server.request.start').unsubscribe(observer.onRequest)
      server.close()
      server.closeAllConnections()
    },
  }
}

const traceparent = (flags) => `00-${TRACE}-${PARENT}-${flags}`
const links = ({ links }) => links.map(({ context: { traceId, spanId } }) => [traceId, spanId])

test('a remote span is linked to, and the app sees the trace of its own', async () => {
  const seen = []
  const app = await observed((request, response) => response.end(seen.push({ ...request.headers }) && 'x'))
  const one = await app.ask({ traceparent: traceparent('01'), tracestate: 'x=y' })
  const two = await app.ask({ traceparent: traceparent('01') })
  app.stop()
  assert.deepEqual([links(one), one.parentSpanContext, one.attributes['pointsman.remote.unsampled']], [[[TRACE, PARENT]], undefined, undefined])
  assert.notEqual(one.spanContext().traceId, two.spanContext().traceId)
  assert.deepEqual([seen[0].traceparent, seen[0].tracestate], [`00-${one.spanContext().traceId}-${one.spanContext().spanId}-01`, undefined])
})

test('a caller whose remote span is not sampled is seen, trusted or not', async () => {
  for (const trustTraceparent of [false, true, ['127.0.0.0/8', '::1']]) {
    const app = await observed((request, response) => response.end('x'), { options: { trustTraceparent } })
    const span = await app.ask({ traceparent: traceparent('00') })
    app.stop()
    assert.deepEqual([links(span), span.parentSpanContext, span.attributes['pointsman.remote.unsampled']], [[[TRACE, PARENT]], undefined, true])
  }
})

test('a remote span is continued only for peers that are trusted', async () => {
  for (const [trustTraceparent, continued] of [[true, true], [['127.0.0.0/8', '::1'], true], [['10.0.0.0/8', '::2', 'nonsense', '1.2.3.4/99'], false], [[], false]]) {
    const app = await observed((request, response) => response.end('x'), { options: { trustTraceparent } })
    const span = await app.ask({ traceparent: traceparent('01') })
    app.stop()
    assert.equal(span.parentSpanContext?.spanId, continued ? PARENT : undefined, String(trustTraceparent))
  }
})

test('the mark of an own call makes its span the parent; the app never sees it, and a false one counts for nothing', async () => {
  const seen = []
  const app = await observed((request, response) => response.end(seen.push({ ...request.headers }) && 'x'))
  const caller = { traceId: TRACE, spanId: PARENT, traceFlags: 1 }
  const mark = app.ownCalls.mark(caller, Date.now())
  const own = await app.ask({ [OWN_CALL_HEADER]: mark })
  assert.deepEqual([own.parentSpanContext.spanId, own.spanContext().traceId, own.links], [PARENT, TRACE, []])
  const old = app.ownCalls.mark(caller, Date.now() - 5 * 60_000)
  const foreign = new OwnCalls(Buffer.alloc(32, 2)).mark(caller, Date.now())
  for (const wrong of [old, foreign, mark.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')), 'x', '']) {
    const span = await app.ask({ [OWN_CALL_HEADER]: wrong })
    assert.equal(span.parentSpanContext, undefined, wrong)
  }
  app.stop()
  assert.ok(seen.every((headers) => headers[OWN_CALL_HEADER] === undefined))
})

test("next to another vendor's provider the headers of the app stay as they came", async () => {
  const seen = []
  const app = await observed((request, response) => response.end(seen.push({ ...request.headers }) && 'x'), { shared: false })
  const span = await app.ask({ traceparent: traceparent('01'), tracestate: 'x=y', baggage: 'a=b' })
  app.stop()
  assert.deepEqual(links(span), [[TRACE, PARENT]])
  assert.deepEqual([seen[0].traceparent, seen[0].tracestate, seen[0].baggage], [traceparent('01'), 'x=y', 'a=b'])
})

test('code knows the request that it runs for, also on one connection, and no other', async () => {
  const seen = []
  let app
  app = await observed(async (request, response) => {
    await sleep(Number(request.headers.wait))
    seen.push([request.url, app.current.get()?.spanContext.spanId])
    response.end('x')
  }, { shared: false, options: { ignorePaths: ['/ignored'] } })
  const ask = (path, wait) => `GET ${path} HTTP/1.1\r\nhost: a\r\nwait: ${wait}\r\n\r\n`
  const socket = connect(app.port, () => socket.write(ask('/a', 30) + ask('/ignored', 1) + ask('/b', 5) + ask('/ignored', 0)))
  await sleep(200)
  socket.destroy()
  app.stop()
  const ids = new Map(app.ended().map((span) => [span.attributes['url.path'], span.spanContext().spanId]))
  for (const [path, id] of seen) assert.equal(id, ids.get(path), path)
  assert.equal(seen.length, 4)
})

test('a session whose value changes with each response stays one client', async () => {
  let count = 0
  const app = await observed((request, response) => {
    response.setHeader('set-cookie', ['theme=dark', `__Secure-authjs.session-token.0=v${(count += 1)}; Path=/; HttpOnly`])
    response.end('x')
  })
  const keys = new Set()
  for (let i = 0; i < 30; i += 1) {
    const { attributes } = await app.ask({ cookie: `__Secure-authjs.session-token.0=v${count}` })
    keys.add(attributes['pointsman.client.key'])
    assert.deepEqual([attributes['pointsman.response.sets_session_cookie'], attributes['pointsman.client.key_basis']], [true, 'session'])
  }
  assert.equal(keys.size, 1)
  const other = await app.ask({ cookie: '__Secure-authjs.session-token.0=elsewhere' })
  assert.ok(!keys.has(other.attributes['pointsman.client.key']))
  app.stop()
})

test('what comes before a stream has ended with the new session belongs to the same client', async () => {
  const app = await observed((request, response) => {
    if (request.url === '/now') return response.end('x')
    response.setHeader('set-cookie', 'session=new')
    response.write('first')
    setTimeout(() => response.end('last'), 60)
  })
  const streamed = app.ask({ cookie: 'session=old' }, '/stream')
  await sleep(30)
  const between = await app.ask({ cookie: 'session=new' })
  await streamed
  const stream = app.ended().find(({ attributes }) => attributes['url.path'] === '/stream')
  app.stop()
  assert.equal(between.attributes['pointsman.client.key'], stream.attributes['pointsman.client.key'])
  assert.equal(stream.attributes['pointsman.response.writes'], 2)
  assert.ok(stream.attributes['pointsman.response.first_byte_ns'] < 50e6)
  assert.ok(stream.attributes['pointsman.response.body_ns'] > 50e6)
})

test('the name of a GraphQL operation is sent only on demand', async () => {
  for (const [graphqlOperationNames, expected] of [[true, 'Cart'], [false, undefined]]) {
    const app = await observed((request, response) => request.resume().on('end', () => response.end('{}')), { options: { graphqlOperationNames } })
    await fetch(`http://127.0.0.1:${app.port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query Cart($id: ID!) { cart(id: $id) { id } }', variables: { operationName: 'Secret' } }),
    })
    await sleep(20)
    assert.equal(app.ended()[0].attributes['pointsman.graphql.operation'], expected)
    app.stop()
  }
})

test('a broken pipelined connection does not hold spans for ever', async () => {
  const app = await observed((request, response) => {
    if (request.url === '/now') response.end('now')
  }, { limit: 3 })
  const { port, spans } = app
  const socket = connect(port, () => socket.write('GET /never HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3)))
  await sleep(100)
  assert.equal(spans.open, 3)
  socket.destroy()
  await sleep(100)
  const running = connect(port, () => running.write('GET /never HTTP/1.1\r\nhost: a\r\n\r\n'))
  await sleep(100)
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/now`)).text(), 'now')
  await sleep(50)
  const ended = app.ended().map(({ attributes }) => attributes['error.type'] ?? attributes['http.response.status_code'])
  assert.deepEqual(ended.sort(), [200, 'aborted', 'aborted', 'aborted'])
  assert.equal(spans.open, 1)
  app.stop()
})
