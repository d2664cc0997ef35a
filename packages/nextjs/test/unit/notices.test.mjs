// The few lines in the app's log, and where spans go as what service.
import assert from 'node:assert/strict'
import { test, mock } from 'node:test'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { vendorAgent } from '../../dist/agents.js'
import { destinationOf, parseHeaders, serviceNameFor } from '../../dist/destination.js'
import { exportHosts, sendsTo } from '../../dist/export-hosts.js'
import { Notices } from '../../dist/notices.js'
import { isSentrys, sharedLine } from '../../dist/tracing.js'

function listen() {
  const lines = []
  return { lines, notices: new Notices((line) => lines.push(line), (line) => lines.push(`warn ${line}`)) }
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:4318\nmore'), { code: 'ECONNREFUSED' })
const MINUTE = 60_000

test('a receiver that is away is said once, and that it is back', () => {
  const { lines, notices } = listen()
  for (let i = 0; i < 5; i += 1) notices.exported(refused, true, 'http://a', i * 5000)
  notices.exported(undefined, false, 'http://a', 30_000)
  notices.exported(undefined, false, 'http://a', 31_000)
  assert.deepEqual(lines, [
    '@pointsman/nextjs: nothing could be sent to http://a (connect ECONNREFUSED 127.0.0.1:4318); the app is not affected, its telemetry is dropped meanwhile',
    '@pointsman/nextjs: spans reach http://a again',
  ].map((line, i) => (i === 0 ? `warn ${line}` : line)))
  notices.exported(Object.assign(new Error('<html>no\u0007</html>'), { code: 401 }), true, 'http://a', 5 * MINUTE)
  assert.equal(lines.length, 2, 'not more often than every ten minutes')
  notices.exported(Object.assign(new Error('<html>no\u0007</html>'), { code: 401 }), true, 'http://a', 15 * MINUTE)
  assert.match(lines[2], /^warn @pointsman\/nextjs: spans can no longer be sent to http:\/\/a \(status 401\)/)
})

test('requests without any recorded span are said after a minute, with the reason', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    for (const [tally, expected] of [[{ seen: 3, recorded: 0 }, 1], [{ seen: 3, recorded: 1 }, 0], [{ seen: 0, recorded: 0 }, 0]]) {
      const { lines, notices } = listen()
      notices.watch(tally, () => 'no SDK')
      mock.timers.tick(59_000)
      assert.equal(lines.length, 0)
      mock.timers.tick(2000)
      mock.timers.tick(120_000)
      assert.deepEqual(lines, expected ? ['warn @pointsman/nextjs: 3 requests were served and none was recorded: no SDK'] : [])
    }
    const { lines, notices } = listen()
    const late = { seen: 0, recorded: 0 }
    notices.watch(late, () => 'no SDK')
    for (let minute = 0; minute < 5; minute += 1) mock.timers.tick(60_000)
    late.seen = 1
    mock.timers.tick(60_000)
    assert.equal(lines.length, 1)
  } finally {
    mock.timers.reset()
  }
})

test('a log that throws does not reach the app', () => {
  const fail = () => {
    throw new Error('injected')
  }
  const notices = new Notices(fail, fail)
  assert.doesNotThrow(() => notices.started('x'))
  assert.doesNotThrow(() => notices.exported(undefined, true, 'x', 0))
})

test("spans go where the package's own settings say, else where OpenTelemetry's do; secrets are not shown", () => {
  const shown = (endpoint, env = {}) => destinationOf(endpoint, env).shown
  assert.equal(shown(undefined), 'http://localhost:4318/v1/traces')
  assert.equal(shown(undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:pass@vendor.example/otlp/?key=1' }), 'https://vendor.example/otlp/')
  assert.equal(shown(undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a:1/x' }), 'http://a:1/x')
  const own = destinationOf('http://p:4318', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://vendor' })
  assert.deepEqual([own.url, own.shown], ['http://p:4318/v1/traces', 'http://p:4318/v1/traces'])
  assert.equal(destinationOf('http://p', { POINTSMAN_OTLP_ENDPOINT: 'http://q/' }).url, 'http://q/v1/traces')
  assert.equal(destinationOf('http://p/v1/traces', {}).url, 'http://p/v1/traces')
  assert.equal(shown('nonsense'), 'an endpoint that is not a valid URL')
  assert.deepEqual(parseHeaders('authorization=Bearer%20x, y=1,broken,z=%'), { authorization: 'Bearer x', y: '1' })
})

test('a service always has a name, and a guessed one is said to be', () => {
  assert.deepEqual(serviceNameFor('opt', '/nowhere/shop', { OTEL_SERVICE_NAME: 'env' }), { name: 'env', from: 'set' })
  assert.deepEqual(serviceNameFor('opt', '/nowhere/shop', { OTEL_RESOURCE_ATTRIBUTES: 'a=b,service.name=res,c=d' }), { name: 'res', from: 'set' })
  assert.deepEqual(serviceNameFor('opt', '/nowhere/shop', {}), { name: 'opt', from: 'set' })
  assert.deepEqual(serviceNameFor(undefined, process.cwd(), { npm_package_name: 'root' }), { name: '@pointsman/nextjs', from: 'package' })
  assert.deepEqual(serviceNameFor(undefined, '/nowhere/shop', { npm_package_name: 'pkg' }), { name: 'pkg', from: 'package' })
  assert.deepEqual(serviceNameFor(undefined, '/nowhere/shop', {}), { name: 'shop', from: 'guessed' })
  assert.deepEqual(serviceNameFor(undefined, '/', {}), { name: 'nextjs', from: 'guessed' })
})

test('agents of vendors are known by how they are loaded, or by what they leave', () => {
  assert.equal(vendorAgent({ NODE_OPTIONS: '--max-old-space-size=100 --require dd-trace/init' }, []), 'Datadog')
  assert.equal(vendorAgent({}, ['-r', 'newrelic']), 'New Relic')
  assert.equal(vendorAgent({ NEW_RELIC_LICENSE_KEY: 'x' }, []), 'New Relic')
  assert.equal(vendorAgent({ NODE_OPTIONS: '--require ./add-trace.js' }, ['--enable-source-maps']), undefined)
  globalThis[Symbol.for('dd-trace')] = {}
  assert.equal(vendorAgent({}, []), 'Datadog')
  delete globalThis[Symbol.for('dd-trace')]
})

test("it is seen whether the app's own SDK sends to the same place: then its exporter is enough", () => {
  const sdk = (url) => new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))] })
  assert.deepEqual([...exportHosts(sdk('http://127.0.0.1:4318/v1/traces'))], ['localhost:4318'])
  assert.ok(sendsTo(sdk('http://127.0.0.1:4318/v1/traces'), 'http://localhost:4318/v1/traces'))
  assert.ok(!sendsTo(sdk('https://vendor.example/v1/traces'), 'http://localhost:4318/v1/traces'))
  const grpc = { _activeSpanProcessor: { _spanProcessors: [{ _exporter: { _transport: { _parameters: { address: 'localhost:4317' } } } }] } }
  assert.ok(sendsTo(grpc, 'http://localhost:4318/v1/traces'))
  // Nothing is called, rings end, and what is no provider has no exporters.
  const ring = { _activeSpanProcessor: { get trap() { throw new Error('called') } } }
  ring._activeSpanProcessor.self = ring
  assert.deepEqual([...exportHosts(ring)], [])
  assert.deepEqual([...exportHosts({})], [])
  assert.ok(!sendsTo(grpc, 'an endpoint that is not a valid URL'))
})

test("an app's SDK without a name is told how to get one: `unknown_service:node` says nothing", () => {
  const named = (name) => sharedLine({ resource: { attributes: { 'service.name': name } } })
  assert.match(named('unknown_service:node'), /as service "unknown_service:node" \(set OTEL_SERVICE_NAME\)$/)
  assert.match(named('shop'), /as service "shop"$/)
  assert.match(sharedLine({}), /sends their spans$/)
})

test("Sentry's provider is known: it keeps spans to itself", () => {
  class SentryTracerProvider {}
  assert.equal(isSentrys(new SentryTracerProvider()), true)
  assert.equal(isSentrys(new BasicTracerProvider()), false)
  assert.equal(isSentrys(undefined), false)
})
