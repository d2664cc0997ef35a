// Ties an exchange to a span: starts it when Node.js hands over a request, links the spans of Next.js below it, closes it
// with the response. Called by Node.js in the middle of the app's request, so every entrance catches everything.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isSpanContextValid, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'
import type { Beginnings } from './beginning.js'
import { startRunning, type Current, type Running } from './current.js'
import { Exchange, type ExchangeConfig } from './exchange.js'
import { fault } from './faults.js'
import type { Tally } from './notices.js'
import type { Settings } from './options.js'
import { requestFacts } from './request-facts.js'
import type { Spans } from './spans.js'
import { hasPrefix, isOwnAsset, splitTarget } from './target.js'
import type { Tracing } from './tracing.js'
import type { UseCache } from './use-cache.js'

const OBSERVED = Symbol('pointsman.observed')
const SWEEP_MS = 1000

interface OpenExchange {
  span: Span
  exchange: Exchange | undefined
}

type Observed = ServerResponse & { [OBSERVED]?: OpenExchange | undefined }

export interface ObserverParts {
  /** Asked with each request: which provider the app has may be known only then. */
  tracing: () => Tracing
  beginnings: Beginnings
  spans: Spans
  settings: Settings
  exchanges: ExchangeConfig
  current: Current
  useCache: UseCache
  tally: Tally
  /** What every span of this process says, besides the facts of the build. */
  facts: Attributes
}

export class Observer {
  #swept = 0
  readonly #open = new Set<Observed>()

  constructor(private readonly parts: ObserverParts) {}

  /** Subscriber of `http.server.request.start`. */
  readonly onRequest = (message: unknown): void => {
    try {
      this.parts.current.leave()
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
      this.#start(request, response)
    } catch (error) {
      fault('starting a span', error)
    }
  }

  #start(request: IncomingMessage, response: ServerResponse): void {
    const { settings, spans, tally, exchanges } = this.parts
    const target = splitTarget(request.url ?? '/')
    if (isOwnAsset(target.path) || hasPrefix(target.path, settings.ignorePaths)) return
    tally.seen += 1
    const now = Date.now()
    if (spans.full()) this.#sweep(now)
    if (!spans.admit()) return
    const client = exchanges.clients.of(request.headers, request.socket.remoteAddress, now)
    const span = this.#startSpan(request, requestFacts(request, target, settings, client), now)
    const running = this.#run(span)
    if (!span.isRecording()) return
    tally.recorded += 1
    const observed = this.#watch(span, response)
    observed.exchange = new Exchange(request, response, target, client, running, exchanges)
  }

  #startSpan(request: IncomingMessage, attributes: Attributes, now: number): Span {
    const { spans, tally, facts, beginnings, exchanges } = this.parts
    const { tracer, shared, factsOnResource } = this.parts.tracing()
    const { parent, links, remoteUnsampled } = beginnings.of(request, shared, now)
    attributes['pointsman.requests.seen'] = tally.seen
    if (spans.dropped > 0) attributes['pointsman.requests.dropped'] = spans.dropped
    if (remoteUnsampled) attributes['pointsman.remote.unsampled'] = true
    Object.assign(attributes, facts, factsOnResource ? undefined : exchanges.build.facts())
    const span = tracer.startSpan(request.method ?? 'GET', { kind: SpanKind.SERVER, attributes, links }, parent)
    if (shared && isSpanContextValid(span.spanContext())) link(span, request.headers)
    return span
  }

  /** Makes the request known to the code that answers it, where something will ask for it. */
  #run(span: Span): Running {
    const { current, useCache } = this.parts
    const running = startRunning(span.spanContext())
    useCache.watch()
    if (useCache.used || !this.parts.tracing().shared) current.enter(running)
    return running
  }

  #watch(span: Span, response: Observed): OpenExchange {
    this.parts.spans.open += 1
    const observed: OpenExchange = { span, exchange: undefined }
    response[OBSERVED] = observed
    this.#open.add(response)
    response.on('close', this.#onClose)
    return observed
  }

  readonly #onClose = ((observer: Observer) =>
    function (this: Observed): void {
      observer.#close(this)
    })(this)

  #close(response: Observed): void {
    const observed = response[OBSERVED]
    if (!observed) return
    response[OBSERVED] = undefined
    this.#open.delete(response)
    try {
      this.#finish(observed, response)
    } catch (error) {
      fault('finishing a span', error)
    }
  }

  /** A response that was queued on a pipelined connection when that broke is never told so by Node.js. */
  #sweep(now: number): void {
    if (now - this.#swept < SWEEP_MS) return
    this.#swept = now
    for (const response of this.#open) if (response.req.socket.destroyed) this.#close(response)
  }

  #finish({ span, exchange }: OpenExchange, response: ServerResponse): void {
    this.parts.spans.open -= 1
    const end = performance.now()
    let outcome: Attributes = {}
    try {
      outcome = exchange?.outcome(Date.now()) ?? outcome
      judge(span, response, outcome)
    } finally {
      this.parts.spans.close(span, outcome, end)
    }
  }
}

/** Name, status and error type as the semantic conventions want them. */
function judge(span: Span, response: ServerResponse, outcome: Attributes): void {
  const route = outcome['http.route']
  if (route !== undefined) span.updateName(`${response.req.method} ${String(route)}`)
  if (response.headersSent && response.statusCode >= 500) {
    outcome['error.type'] = String(response.statusCode)
    span.setStatus({ code: SpanStatusCode.ERROR })
  } else if (!response.writableFinished) {
    outcome['error.type'] = 'aborted'
  }
}

/** Next.js takes its parent from the headers; only a remote parent leaves its own attributes whole in 14 and 15. */
function link(span: Span, headers: IncomingMessage['headers']): void {
  delete headers['tracestate']
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers)
}
