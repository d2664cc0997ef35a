// Which fetches carry on a trace: those to an address this process answers at, and no others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { context, propagation, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
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

function headersOf(fetched, span = PARENT) {
  const added = {}
  const self = new SelfFetch()
  self.onRequest({ request: request({}) })
  const message = { request: { headers: ['accept', '*/*'], addHeader: (name, value) => (added[name] = value), ...fetched } }
  const active = propagation.setBaggage(context.active(), propagation.createBaggage({ user: { value: 'me' } }))
  context.with(span ? trace.setSpanContext(active, span) : active, () => self.onFetch(message))
  return added
}

test('the header is that of the active span, and baggage stays', () => {
  assert.deepEqual(headersOf({ origin: 'http://127.0.0.1:3000' }), { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` })
  assert.deepEqual(headersOf({ origin: new URL('http://127.0.0.1:3000') }), { traceparent: `00-${PARENT.traceId}-${PARENT.spanId}-01` })
})

test('no header to others, over one that is there, or without a span', () => {
  assert.deepEqual(headersOf({ origin: 'http://127.0.0.1:3001' }), {})
  assert.deepEqual(headersOf({ origin: 'https://api.example' }), {})
  assert.deepEqual(headersOf({ origin: 'http://127.0.0.1:3000', headers: ['TraceParent', 'x'] }), {})
  assert.deepEqual(headersOf({ origin: 'http://127.0.0.1:3000', headers: 'accept: */*\r\ntraceparent: x\r\n' }), {})
  assert.deepEqual(headersOf({ origin: 'http://127.0.0.1:3000' }, null), {})
})

test('nothing is thrown into the fetch', () => {
  const fail = () => {
    throw new Error('injected')
  }
  assert.doesNotThrow(() => headersOf({ origin: 'http://127.0.0.1:3000', addHeader: fail }))
  assert.doesNotThrow(() => headersOf({ origin: 'no url' }))
  assert.doesNotThrow(() => new SelfFetch().onFetch(undefined))
  assert.doesNotThrow(() => new SelfFetch().onRequest(undefined))
})
