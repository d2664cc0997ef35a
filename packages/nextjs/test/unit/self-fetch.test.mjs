// Which fetches are marked as the app's own: those to an address this process answers at, and no others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, propagation, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OWN_CALL_HEADER, OwnCalls } from '../../dist/own-call.js'
import { OwnAddresses, SelfFetch } from '../../dist/self-fetch.js'

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }))

const SOCKET = { localAddress: '::ffff:10.0.0.5', localPort: 3000 }
const BROWSER = { 'sec-fetch-mode': 'navigate' }
const request = (headers, socket = SOCKET) => ({ headers, socket })
const served = (...requests) => {
  const own = new OwnAddresses()
  for (const one of requests) own.served(one)
  return (url) => own.includes(new URL(url))
}

test('sockets tell the address and the port of the loopback', () => {
  const own = served(request({}), request({}, { localAddress: '::1', localPort: 4000 }), request({}, {}))
  for (const url of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://127.1.2.3:3000', 'http://[::1]:4000', 'http://10.0.0.5:3000']) assert.ok(own(url), url)
  for (const url of ['http://localhost:3001', 'http://localhost', 'http://10.0.0.5:4000', 'http://10.0.0.6:3000', 'http://localhost.evil.example:3000']) {
    assert.ok(!own(url), url)
  }
})

test('names count when a browser or a fetch used them', () => {
  const own = served(
    request({ ...BROWSER, host: 'Shop.example' }),
    request({ ...BROWSER, host: 'web:3000', 'x-forwarded-host': 'www.shop.example, inner' }),
    request({ host: 'scanned.example' }),
    request({ ...BROWSER, host: 'localhost:8080' }),
  )
  for (const url of ['https://shop.example', 'http://shop.example:80', 'http://web:3000', 'https://www.shop.example']) assert.ok(own(url), url)
  for (const url of ['https://scanned.example', 'https://shop.example:8443', 'http://web', 'https://inner', 'https://api.shop.example', 'http://localhost:8080']) {
    assert.ok(!own(url), url)
  }
})

test('names are bounded, and one in use stays', () => {
  const many = Array.from({ length: 40 }, (_, i) => [request({ ...BROWSER, host: 'shop.example' }), request({ ...BROWSER, host: `h${i}.example` })])
  const own = served(...many.flat())
  assert.deepEqual([own('https://shop.example'), own('https://h39.example'), own('https://h0.example')], [true, true, false])
})

const PARENT = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.SAMPLED }

const OTHER = { traceId: '3'.repeat(32), spanId: '4'.repeat(16), traceFlags: TraceFlags.NONE }
const ownCalls = new OwnCalls(Buffer.alloc(32, 1))

/** The headers added, the mark read. */
function headersOf(fetched, { active = PARENT, running, shared = true } = {}) {
  const added = {}
  const self = new SelfFetch(ownCalls, () => running, () => shared)
  self.onRequest({ request: request({}) })
  const message = { request: { headers: ['accept', '*/*'], addHeader: (name, value) => (added[name] = value), ...fetched } }
  const baggage = propagation.setBaggage(context.active(), propagation.createBaggage({ user: { value: 'me' } }))
  context.with(active ? trace.setSpanContext(baggage, active) : baggage, () => self.onFetch(message))
  const { [OWN_CALL_HEADER]: mark, ...others } = added
  assert.deepEqual(others, {})
  return mark === undefined ? undefined : ownCalls.callerOf(mark, Date.now())?.spanId
}

test('the mark names the span that the fetch belongs to', () => {
  const own = { origin: 'http://127.0.0.1:3000' }
  assert.equal(headersOf(own), PARENT.spanId)
  assert.equal(headersOf({ origin: new URL('http://127.0.0.1:3000') }), PARENT.spanId)
  const carried = `00-${OTHER.traceId}-${OTHER.spanId}-00`
  assert.equal(headersOf({ ...own, headers: ['TraceParent', carried] }), OTHER.spanId)
  assert.equal(headersOf({ ...own, headers: `accept: */*\r\ntraceparent: ${carried}\r\n` }), OTHER.spanId)
  // Next to another provider its spans are no parents of ours.
  assert.equal(headersOf({ ...own, headers: ['traceparent', carried] }, { shared: false, running: PARENT }), PARENT.spanId)
  assert.equal(headersOf(own, { shared: false }), undefined)
})

test('no mark for others, or without a span', () => {
  assert.equal(headersOf({ origin: 'http://127.0.0.1:3001' }), undefined)
  assert.equal(headersOf({ origin: 'https://api.example' }), undefined)
  assert.equal(headersOf({ origin: 'http://127.0.0.1:3000' }, { active: null }), undefined)
})

test('nothing is thrown into the fetch', () => {
  const fail = () => {
    throw new Error('injected')
  }
  const broken = new SelfFetch(ownCalls, fail, fail)
  assert.doesNotThrow(() => headersOf({ origin: 'http://127.0.0.1:3000', addHeader: fail }))
  assert.doesNotThrow(() => headersOf({ origin: 'no url' }))
  assert.doesNotThrow(() => broken.onFetch(undefined))
  assert.doesNotThrow(() => broken.onRequest(undefined))
})

test("requests of Node.js's own client are marked too, by where they go and not by what they say", () => {
  const marked = ({ host = '127.0.0.1', header = '127.0.0.1:3000', protocol = 'http:', headersSent = false, traceparent } = {}, shared = true) => {
    const self = new SelfFetch(ownCalls, () => OTHER, () => shared)
    self.onRequest({ request: request({}) })
    const set = {}
    const client = { host, protocol, headersSent, getHeader: (name) => ({ host: header, traceparent })[name], setHeader: (name, value) => (set[name] = value) }
    context.with(trace.setSpanContext(context.active(), PARENT), () => self.onClientRequest({ request: client }))
    return ownCalls.callerOf(set[OWN_CALL_HEADER], Date.now())?.spanId
  }
  assert.equal(marked(), PARENT.spanId)
  assert.equal(marked({}, false), OTHER.spanId)
  assert.equal(marked({ traceparent: `00-${OTHER.traceId}-${OTHER.spanId}-01` }), OTHER.spanId)
  for (const other of [{ host: 'evil.example' }, { header: '127.0.0.1:3001' }, { header: null }, { headersSent: true }, { host: 'a', header: 'no host' }]) {
    assert.equal(marked(other), undefined, JSON.stringify(other))
  }
})
