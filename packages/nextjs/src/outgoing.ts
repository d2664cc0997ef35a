// What the code of a request asks of others by fetch: one CLIENT span each. Only where the app's own spans go to another
// provider; elsewhere Next.js makes them. Says whom and how, never which path. Called by Node.js in the middle of the app's
// fetch, so every entrance catches everything.

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span, type SpanContext } from '@opentelemetry/api'
import type { Current } from './current.js'
import { fault } from './faults.js'
import type { Tracing } from './tracing.js'

/** A request that makes more fetches than this has shown what it does. */
const MAX_PER_REQUEST = 64

interface Message {
  request: object & { method?: string; origin?: string | URL }
  response?: { statusCode?: number }
  error?: { name?: string }
}

export class Outgoing {
  readonly #spans = new WeakMap<object, Span>()

  constructor(
    private readonly current: Current,
    private readonly tracing: () => Tracing,
  ) {}

  /** Subscriber of `undici:request:create`. */
  readonly onCreate = (message: unknown): void => {
    try {
      const running = this.current.get()
      if (running === undefined || running.fetches >= MAX_PER_REQUEST || this.tracing().shared) return
      running.fetches += 1
      const { request } = message as Message
      const method = request.method ?? 'GET'
      const attributes = { 'http.request.method': method, 'server.address': new URL(String(request.origin)).hostname }
      const parent = trace.setSpanContext(ROOT_CONTEXT, running.spanContext)
      this.#spans.set(request, this.tracing().tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, parent))
    } catch (error) {
      fault('starting the span of a fetch', error)
    }
  }

  /** Subscriber of `undici:request:headers`. */
  readonly onHeaders = (message: unknown): void => {
    try {
      const { request, response } = message as Message
      if (response?.statusCode !== undefined) this.#spans.get(request)?.setAttribute('http.response.status_code', response.statusCode)
    } catch (error) {
      fault('noting the answer to a fetch', error)
    }
  }

  /** Subscriber of `undici:request:trailers` and `undici:request:error`. */
  readonly onEnd = (message: unknown): void => {
    try {
      const { request, error } = message as Message
      const span = this.#spans.get(request)
      if (span === undefined) return
      this.#spans.delete(request)
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', String(error.name ?? 'Error').slice(0, 100))
      span.end()
    } catch (error) {
      fault('ending the span of a fetch', error)
    }
  }

  /** The span of a fetch that is under way. */
  spanOf(request: object): SpanContext | undefined {
    return this.#spans.get(request)?.spanContext()
  }
}
