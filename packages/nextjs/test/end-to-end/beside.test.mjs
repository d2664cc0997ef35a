// The package next to another provider in the same app, started before it or after it: its spans arrive whole, by a way of
// their own, and the other's traces are as they would be without it. Long: run by `make test-full`.
// POINTSMAN_LAB_BESIDE=sentry,vercel restricts the providers.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../support/app.mjs'
import { ask, newTrace } from '../support/client.mjs'
import { buildLab } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'

const SENTRY = '11.8.0'
const DATADOG = '5.132.0'
const NEW_RELIC = '13.9.2'
const chosen = (process.env.POINTSMAN_LAB_BESIDE ?? 'vercel,nodesdk,sentry,datadog,newrelic').split(',')

const labs = {
  vercel: () => buildLab({ major: 16 }),
  nodesdk: () => buildLab({ major: 16, nodesdk: true }),
  sentry: () => buildLab({ major: 16, name: '16-sentry', more: { '@sentry/nextjs': SENTRY }, overrides: { '@sentry/cloudflare': '11.0.0' }, env: { LAB_SENTRY: '1' } }),
  datadog: () => buildLab({ major: 16, name: '16-datadog', more: { 'dd-trace': DATADOG } }),
  newrelic: () => buildLab({ major: 16, name: '16-newrelic', more: { newrelic: NEW_RELIC } }),
}

/** Agents that are loaded before the app, with nobody to send to, and their names in the package's line. */
const AGENTS = {
  datadog: { name: 'Datadog', env: { NODE_OPTIONS: '--require dd-trace/init', DD_TRACE_AGENT_URL: 'http://127.0.0.1:9', DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false', DD_REMOTE_CONFIGURATION_ENABLED: 'false' } },
  newrelic: {
    name: 'New Relic',
    env: { NODE_OPTIONS: '--require newrelic', NEW_RELIC_APP_NAME: 'lab', NEW_RELIC_LICENSE_KEY: '0'.repeat(40), NEW_RELIC_NO_CONFIG_FILE: 'true', NEW_RELIC_HOST: '127.0.0.1', NEW_RELIC_PORT: '9', NEW_RELIC_LOG: 'stdout', NEW_RELIC_LOG_LEVEL: 'fatal' },
  },
}
const PROVIDER = "the app's own OpenTelemetry provider"

const isOwn = (span) => span.scope.name === '@pointsman/nextjs'

for (const other of chosen) {
  const agent = AGENTS[other]
  for (const first of agent ? [false] : [false, true]) {
    describe(`${other}, ${first ? 'started after the package' : 'started before it'}`, async () => {
      const sink = await startSink()
      const sentry = await startSentry()
      let app
      before(async () => {
        // Two receivers: the app's own variables name the other's, the package has a setting of its own.
        app = await startApp(labs[other](), await elsewhere, {
          otel: agent ? 'register' : `beside-${other}${first ? '-first' : ''}`,
          env: { POINTSMAN_OTLP_ENDPOINT: sink.url, LAB_SENTRY_DSN: sentry.dsn, ...agent?.env },
        })
      })
      const elsewhere = startSink()
      after(async () => {
        await app?.stop('SIGKILL')
        await Promise.all([sink.close(), sentry.close(), elsewhere.then((one) => one.close())])
      })

      test('own spans arrive whole, and nothing else does', async () => {
        const answer = await ask(app, sink, '/item/7', { headers: { cookie: 'sid=1' } })
        const span = await answer.own()
        assert.deepEqual(
          [span.attributes['http.route'], span.attributes['pointsman.route.kind'], span.attributes['http.response.status_code'], span.parentSpanId],
          ['/item/[id]', 'app_page', 200, ''],
        )
        assert.equal(span.resource['service.name'], 'lab')
        const api = await (await ask(app, sink, '/api/echo', { method: 'POST', body: 'hello' })).own()
        assert.deepEqual([api.attributes['http.route'], api.attributes['pointsman.route.kind'], api.attributes['http.request.body.size']], ['/api/echo', 'app_route', 5])
        await sink.until(({ name }) => name === 'pointsman.build')
        assert.ok(sink.spans.every(isOwn))
      })

      test('a fetch of the app to itself hangs below its caller', async () => {
        const answer = await ask(app, sink, `/api/calls?to=${encodeURIComponent(`${app.url}/api/hello`)}`)
        const own = await answer.own()
        const [called] = await sink.until((span) => isOwn(span) && span.traceId === own.traceId && span.attributes['url.path'] === '/api/hello')
        assert.ok(called.start >= own.start && called.end <= own.end)
        const [fetched] = await sink.until(({ spanId }) => spanId === called.parentSpanId)
        assert.deepEqual([fetched.parentSpanId, fetched.kind, fetched.attributes], [own.spanId, 3, { 'http.request.method': 'GET', 'server.address': '127.0.0.1', 'http.response.status_code': 200 }])
      })

      test("the other's trace goes on from the remote span", async () => {
        if (agent) {
          // What it reads is what came: the header is not touched. The lab shows it.
          const { traceId, parentId, traceparent } = newTrace()
          const seen = JSON.parse((await ask(app, sink, '/api/headers', { headers: { traceparent } })).body)
          assert.equal(seen.traceparent, traceparent, `${traceId} ${parentId}`)
        } else if (other === 'sentry') {
          const { traceId, parentId } = newTrace()
          await ask(app, sink, '/api/hello', { headers: { 'sentry-trace': `${traceId}-${parentId}-1`, traceparent: '' } })
          await sentry.until((text) => text.includes('"transaction"') && text.includes(traceId))
        } else {
          const answer = await ask(app, sink, '/item/8')
          const theirs = await (await elsewhere).until((span) => span.traceId === answer.traceId && span.scope.name === 'next.js')
          assert.ok(theirs.some(({ parentSpanId }) => parentSpanId === answer.parentId))
          assert.ok(!(await elsewhere).spans.some(isOwn))
        }
      })

      test('the log says where spans go, once', () => {
        const said = app.log().split('\n').filter((line) => line.includes('@pointsman'))
        assert.equal(said.length, 1, said.join('\n'))
        assert.ok(said[0].includes(`${sink.url}/v1/traces as service "lab", next to ${agent?.name ?? PROVIDER}, which is left as it is`), said[0])
      })
    })
  }
}

test('next to an SDK that sends to the same place, its exporter is used: each request arrives once', async () => {
  const sink = await startSink()
  const app = await startApp(labs.vercel(), sink, { otel: 'beside-vercel' })
  try {
    const own = await (await ask(app, sink, '/item/9')).own()
    const next = await sink.until((span) => span.traceId === own.traceId && span.scope.name === 'next.js')
    assert.ok(next.length > 0)
    assert.deepEqual([own.resource['service.name'], typeof own.attributes['pointsman.instance.id']], ['other', 'string'])
    assert.match(app.log(), /requests are observed; the app's own OpenTelemetry SDK sends their spans as service "other"/)
  } finally {
    await app.stop('SIGKILL')
    await sink.close()
  }
})

/** As much of Sentry's receiver as an SDK needs: keeps the envelopes. */
async function startSentry() {
  const envelopes = []
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    envelopes.push(Buffer.concat(chunks).toString())
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    dsn: `http://key@127.0.0.1:${server.address().port}/1`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections?.()),
    async until(wanted, ms = 15_000) {
      for (const end = Date.now() + ms; !envelopes.some(wanted); await sleep(50)) {
        if (Date.now() > end) throw new Error(`none of ${envelopes.length} envelopes is wanted: ${envelopes.map((text) => text.slice(0, 300)).join('\n--\n')}`)
      }
    },
  }
}
