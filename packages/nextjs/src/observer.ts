// Ties an exchange to a span: starts it when Node.js hands over a request, links the spans of Next.js below it, closes it
// with the response. Called by Node.js in the middle of the app's request, so every entrance catches everything.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isSpanContextValid, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Span, type Tracer } from '@opentelemetry/api'
import { ClientKeys } from './client-key.js'
import { Exchange, type Surroundings } from './exchange.js'
import { fault } from './faults.js'
import type { Settings } from './options.js'
import { requestFacts } from './request-facts.js'
import type { Spans } from './spans.js'
import { hasPrefix, isOwnAsset, splitTarget, type Target } from './target.js'

const OBSERVED = Symbol('pointsman.observed')
const SWEEP_MS = 1000
type Observed = ServerResponse & { [OBSERVED]?: { span: Span; exchange: Exchange | undefined } | undefined }

export class Observer {
  #seen = 0
  #swept = 0
  readonly #open = new Set<Observed>()
  readonly #keys: ClientKeys

  constructor(
    private readonly tracer: Tracer,
    private readonly spans: Spans,
    private readonly settings: Settings,
    private readonly around: Surroundings,
    private readonly facts: Attributes,
  ) {
    this.#keys = new ClientKeys(around.secret, settings)
  }

  /** Subscriber of `http.server.request.start`. */
  readonly onRequest = (message: unknown): void => {
    try {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
      this.#start(request, response)
    } catch (error) {
      fault('starting a span', error)
    }
  }

  #start(request: IncomingMessage, response: ServerResponse): void {
    const target = splitTarget(request.url ?? '/')
    if (isOwnAsset(target.path) || hasPrefix(target.path, this.settings.ignorePaths)) return
    this.#seen += 1
    const now = Date.now()
    if (this.spans.full()) this.#sweep(now)
    if (!this.spans.admit()) return
    const { headers } = request
    const parent = propagation.extract(ROOT_CONTEXT, headers)
    const attributes = requestFacts(request, target, this.settings, this.#keys, now)
    attributes['pointsman.requests.seen'] = this.#seen
    if (this.spans.dropped > 0) attributes['pointsman.requests.dropped'] = this.spans.dropped
    Object.assign(attributes, this.facts)
    const span = this.tracer.startSpan(request.method ?? 'GET', { kind: SpanKind.SERVER, attributes }, parent)
    if (isSpanContextValid(span.spanContext())) link(span, headers)
    if (span.isRecording()) this.#watch(span, request, response, target)
  }

  #watch(span: Span, request: IncomingMessage, response: Observed, target: Target): void {
    this.spans.open += 1
    response[OBSERVED] = { span, exchange: undefined }
    this.#open.add(response)
    response.on('close', this.#onClose)
    response[OBSERVED].exchange = new Exchange(request, response, target, this.around)
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

  #finish({ span, exchange }: { span: Span; exchange: Exchange | undefined }, response: ServerResponse): void {
    this.spans.open -= 1
    const end = performance.now()
    let outcome: Attributes = {}
    try {
      outcome = exchange?.outcome(Date.now()) ?? outcome
      judge(span, response, outcome)
    } finally {
      this.spans.close(span, outcome, end)
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
