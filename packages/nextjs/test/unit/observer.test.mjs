// The observer on a plain HTTP server: what happens to spans whose responses never end in the usual way.
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Build } from '../../dist/build.js'
import { RememberedHashes } from '../../dist/keyed-hash.js'
import { Observer } from '../../dist/observer.js'
import { settle } from '../../dist/options.js'
import { Spans } from '../../dist/spans.js'

const SECRET = Buffer.alloc(32, 1)

test('a broken pipelined connection does not hold spans for ever', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const spans = new Spans(0, 3)
  const build = new Build('none', '/nonexistent', false)
  const around = { build, secret: SECRET, requestKeys: new RememberedHashes(SECRET), maxHashedBytes: 1000 }
  const observer = new Observer(provider.getTracer('test'), spans, settle(), around, {})
  channel('http.server.request.start').subscribe(observer.onRequest)
  const server = createServer((request, response) => {
    if (request.url === '/now') response.end('now')
  })
  await new Promise((resolve) => server.listen(0, resolve))
  const { port } = server.address()
  const socket = connect(port, () => socket.write('GET /never HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3)))
  await sleep(100)
  assert.equal(spans.open, 3)
  socket.destroy()
  await sleep(100)
  const running = connect(port, () => running.write('GET /never HTTP/1.1\r\nhost: a\r\n\r\n'))
  await sleep(100)
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/now`)).text(), 'now')
  await sleep(50)
  const ended = exporter.getFinishedSpans().map(({ attributes }) => attributes['error.type'] ?? attributes['http.response.status_code'])
  assert.deepEqual(ended.sort(), [200, 'aborted', 'aborted', 'aborted'])
  assert.equal(spans.open, 1)
  channel('http.server.request.start').unsubscribe(observer.onRequest)
  server.close()
  server.closeAllConnections()
})
