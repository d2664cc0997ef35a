// The package in a production build of the newest supported Next.js. Older ones and other ways of serving: versions.test.mjs.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../support/app.mjs'
import { ask } from '../support/client.mjs'
import { buildLab } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'
import { checks, START_LINE } from './suite.mjs'

const lab = buildLab({ major: 16 })

test('the build has no warning about the package, for either runtime', () => {
  assert.doesNotMatch(lab.buildLog, /pointsman|Module not found|not supported in the Edge Runtime|node:/)
})

const said = (app) => app.log().split('\n').filter((line) => line.includes('@pointsman')).join('\n')

for (const otel of ['vercel', 'register', 'vercel-fetch']) {
  describe(`next start with ${otel}`, async () => {
    const sink = await startSink()
    const world = { lab, sink, major: 16, otel, app: await startApp(lab, sink, { otel }) }
    for (const [name, check] of checks(world)) test(name, check)
    test('the app says one thing of the package: where its spans go', () => assert.match(said(world.app), START_LINE[otel]))
    test('what was answered just before SIGTERM is exported', async () => {
      const answer = await ask(world.app, sink, '/api/hello')
      const { code, signal } = await world.app.stop('SIGTERM')
      assert.ok(code === 143 || code === 0 || signal === 'SIGTERM', `${code} ${signal}`)
      assert.ok(await answer.own())
    })
    after(async () => {
      await world.app.stop('SIGKILL')
      await sink.close()
    })
  })
}

for (const otel of ['vercel', 'register']) {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`${signal} with ${otel}: all that has waited for the next batch is exported`, async () => {
      const sink = await startSink()
      // No batch is due while this runs: what arrives was sent because of the signal.
      const app = await startApp(lab, sink, { otel, env: { OTEL_BSP_SCHEDULE_DELAY: '600000', OTEL_BSP_MAX_QUEUE_SIZE: '20000', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10000' } })
      try {
        const answers = []
        for (let i = 0; i < 100; i += 1) answers.push(await ask(app, sink, i % 2 ? '/api/hello' : '/item/1'))
        await app.stop(signal)
        const ids = new Set(sink.own().map(({ links }) => links[0]?.traceId))
        assert.deepEqual(answers.filter(({ traceId }) => !ids.has(traceId)), [])
        assert.equal(ids.size, answers.length)
      } finally {
        await app.stop('SIGKILL')
        await sink.close()
      }
    })
  }
}

describe('responses, with the package and without', async () => {
  const sink = await startSink()
  const observed = await startApp(lab, sink)
  const plain = await startApp(lab, sink, { otel: 'plain' })
  after(async () => {
    await Promise.all([observed.stop(), plain.stop()])
    await sink.close()
  })
  const requests = [
    ['/'],
    ['/item/1'],
    ['/api/hello'],
    ['/api/big', { headers: { 'accept-encoding': 'gzip' } }],
    ['/api/huge'],
    ['/api/stream'],
    ['/api/err'],
    ['/api/etag', { headers: { 'if-none-match': '"one"' } }],
    ['/api/edge'],
    ['/api/cookie', { method: 'POST' }],
    ['/api/redirect'],
    ['/api/download'],
    ['/api/legacy', { method: 'HEAD' }],
    ['/api/echo', { method: 'POST', body: Buffer.alloc(3_000_000) }],
    ['/nowhere'],
  ]
  const comparable = ({ status, raw, body }) => {
    const headers = []
    for (let i = 0; i < raw.length; i += 2) if (raw[i].toLowerCase() !== 'date') headers.push(`${raw[i]}: ${raw[i + 1]}`)
    return { status, headers, body: body.toString('latin1') }
  }
  for (const [path, init] of requests) {
    test(`${init?.method ?? 'GET'} ${path} is the same to the byte`, async () => {
      assert.deepEqual(comparable(await ask(observed, sink, path, init)), comparable(await ask(plain, sink, path, init)))
    })
  }
})

for (const fault of ['start', 'span', 'hash']) {
  test(`a fault in ${fault} reaches neither the answers nor the process`, async () => {
    const sink = await startSink()
    const app = await startApp(lab, sink, { env: { LAB_FAULT: fault } })
    try {
      for (let i = 0; i < 3; i += 1) {
        assert.equal((await ask(app, sink, '/api/hello')).body.toString(), '{"hello":"world"}')
        assert.equal((await ask(app, sink, '/api/huge')).body.length, 3_000_000)
        assert.equal((await ask(app, sink, '/api/echo', { method: 'POST', body: 'hello' })).body.toString(), '{"bytes":5}')
        await ask(app, sink, '/api/slow?ms=200', { abortAfter: 50 })
      }
      await sleep(400)
      assert.equal((await ask(app, sink, '/item/1')).status, 200)
    } finally {
      await app.stop()
      await sink.close()
    }
  })
}

test('options: own cookie, address on demand, smaller bound, ignored paths, a limit of open spans', async () => {
  const sink = await startSink()
  const options = { sessionCookies: ['mine'], clientAddress: true, trustProxy: true, maxHashedBytes: 10, ignorePaths: ['/api/download'], maxOpenSpans: 3, settleMs: 1000 }
  const app = await startApp(lab, sink, { options, env: { POINTSMAN_HASH_SECRET: 'given', NEXT_DEPLOYMENT_ID: 'd1' } })
  try {
    await ask(app, sink, '/api/download')
    const one = await ask(app, sink, '/api/hello', { headers: { cookie: 'sid=1; mine=2', 'x-forwarded-for': '203.0.113.9' } })
    const two = await ask(app, sink, '/api/hello', { headers: { cookie: 'sid=3; mine=2' } })
    const [a, b] = [(await one.own()).attributes, (await two.own()).attributes]
    assert.equal(a['pointsman.requests.seen'], 1)
    assert.equal(a['pointsman.client.key'], b['pointsman.client.key'])
    assert.equal(a['client.address'], '203.0.113.9')
    assert.deepEqual([a['pointsman.response.uncompressed_size'], a['pointsman.response.hash']], [17, undefined])
    assert.equal(a['pointsman.deployment.id'], 'd1')
    for (let i = 0; i < 8; i += 1) await ask(app, sink, '/api/hello')
    await sleep(1500)
    const later = (await (await ask(app, sink, '/api/hello')).own()).attributes
    assert.deepEqual([later['pointsman.requests.dropped'], later['pointsman.requests.seen']], [5, 11])
  } finally {
    await app.stop()
    await sink.close()
  }
})

test('a fetch of the app to itself is left alone on demand', async () => {
  const sink = await startSink()
  const app = await startApp(lab, sink, { options: { propagateToSelf: false } })
  try {
    const caller = await ask(app, sink, `/calls?to=${encodeURIComponent(`${app.url}/api/hello`)}`)
    await caller.own()
    const [called] = await sink.until((span) => span.scope.name === '@pointsman/nextjs' && span.attributes['url.path'] === '/api/hello')
    assert.notEqual(called.traceId, caller.traceId)
    assert.equal(called.parentSpanId, '')
  } finally {
    await app.stop()
    await sink.close()
  }
})

test('requests that are not sampled are counted and make no span', async () => {
  const sink = await startSink()
  const app = await startApp(lab, sink, { otel: 'register', options: { trustTraceparent: true }, env: { OTEL_TRACES_SAMPLER: 'parentbased_always_off' } })
  try {
    for (let i = 0; i < 4; i += 1) await ask(app, sink, '/api/hello', { headers: { traceparent: '' } })
    const sampled = await ask(app, sink, '/api/hello')
    assert.equal((await sampled.own()).attributes['pointsman.requests.seen'], 5)
    assert.equal(sink.own().length, 1)
    assert.equal(sink.spans.filter((span) => span.traceId !== sampled.traceId).length, 0)
  } finally {
    await app.stop()
    await sink.close()
  }
})

test('a receiver that is away, and an SDK that is missing, are said in the log', async () => {
  const sink = await startSink()
  const away = { url: 'http://127.0.0.1:9' }
  const rows = [
    ['register', { OTEL_EXPORTER_OTLP_TIMEOUT: '500' }, /nothing could be sent to http:\/\/127\.0\.0\.1:9\/v1\/traces \(/],
    ['bare', {}, /nothing is sent: no OpenTelemetry SDK is registered\. Start one before observeNext\(\), or use @pointsman\/nextjs\/register/],
  ]
  for (const [otel, env, expected] of rows) {
    const app = await startApp(lab, away, { otel, env })
    try {
      for (let i = 0; i < 3; i += 1) assert.equal((await ask(app, sink, '/api/hello')).status, 200)
      for (const end = Date.now() + 15_000; !expected.test(app.log()) && Date.now() < end; ) await sleep(100)
      const lines = app.log().split('\n').filter((line) => expected.test(line))
      assert.equal(lines.length, 1, app.log())
    } finally {
      await app.stop('SIGKILL')
    }
  }
  await sink.close()
})
