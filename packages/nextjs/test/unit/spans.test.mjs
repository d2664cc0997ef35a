// The life of a span: every way from open to ended, with the end time of its response.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { Spans } from '../../dist/spans.js'

function setUp(settleMs, limit = 10) {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const spans = new Spans(settleMs, limit)
  const open = () => {
    spans.open += 1
    return provider.getTracer('test').startSpan('GET')
  }
  const close = (span, outcome = {}) => {
    spans.open -= 1
    spans.close(span, outcome, performance.now())
  }
  return { exporter, spans, open, close }
}

const milliseconds = ({ duration: [s, ns] }) => s * 1000 + ns / 1e6

test('a span waits for those below it, yet ends when its response did', async () => {
  const { exporter, open, close } = setUp(60)
  const span = open()
  await sleep(20)
  close(span, { done: true })
  assert.equal(exporter.getFinishedSpans().length, 0)
  await sleep(150)
  const [ended] = exporter.getFinishedSpans()
  assert.equal(ended.attributes.done, true)
  assert.ok(milliseconds(ended) >= 15 && milliseconds(ended) < 60, `${milliseconds(ended)} ms`)
})

test('flushing ends all that settle, at once', () => {
  const { exporter, spans, open, close } = setUp(10_000)
  close(open())
  close(open())
  spans.flush()
  assert.equal(exporter.getFinishedSpans().length, 2)
})

test('a process that is about to go waits no longer', () => {
  const { exporter, spans, open, close } = setUp(10_000)
  const late = open()
  spans.hasten()
  close(late)
  assert.equal(exporter.getFinishedSpans().length, 1)
})

test('a span that another processor ended still gets its outcome', () => {
  const { exporter, open, close } = setUp(10)
  const span = open()
  span.end()
  close(span, { late: true })
  assert.equal(exporter.getFinishedSpans()[0].attributes.late, true)
})

test('above the limit no span starts, and that is counted', () => {
  const { spans, open, close } = setUp(10_000, 2)
  assert.ok(spans.admit())
  close(open())
  open()
  assert.ok(!spans.admit())
  assert.equal(spans.dropped, 1)
  spans.flush()
  assert.ok(spans.admit())
})
