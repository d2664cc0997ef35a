// One request and its response: what is noted while they run, and the attributes of both when they are over.
// It does not know how spans are made or ended.

import type { Hmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { actionIdOfForm } from './action-form.js'
import type { Build } from './build.js'
import { finishHash, startHash, type RememberedHashes, type Secret } from './keyed-hash.js'
import { hasBody, RequestBody, watchRequestBody } from './request-body.js'
import { ResponseBody, watchResponseBody } from './response-body.js'
import { addResponseFacts, hasNoBody } from './response-facts.js'
import { routeOf } from './route.js'
import { cut, withoutRsc, type Target } from './target.js'

export interface Surroundings {
  build: Build
  secret: Secret
  /** Keys of requests without a body. */
  requestKeys: RememberedHashes
  maxHashedBytes: number
}

export class Exchange {
  readonly method: string
  readonly actionId: string | undefined
  readonly multipart: boolean
  readonly requestBody: RequestBody | undefined
  readonly responseBody: ResponseBody

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly target: Target,
    readonly around: Surroundings,
  ) {
    const { headers } = request
    this.method = request.method ?? 'GET'
    const action = headers['next-action']
    this.actionId = this.method === 'POST' && typeof action === 'string' ? cut(action) : undefined
    this.multipart = headers['content-type']?.startsWith('multipart/form-data') ?? false
    if (hasBody(request)) {
      const form = this.multipart && this.method === 'POST' && this.actionId === undefined
      this.requestBody = new RequestBody(this.#startKey(), around.maxHashedBytes, form)
      watchRequestBody(request, this.requestBody)
    }
    this.responseBody = new ResponseBody(response, startHash(around.secret), around.maxHashedBytes)
    watchResponseBody(response, this.responseBody)
  }

  /** Attributes known only when the response is over. */
  outcome(now: number): Attributes {
    const facts: Attributes = {}
    const route = routeOf(this.request)
    if (route) {
      facts['http.route'] = route.pathname
      if (route.kind) facts['pointsman.route.kind'] = route.kind
    }
    this.#addRequestBody(facts)
    addResponseFacts(facts, this.response)
    this.#addResponseBody(facts)
    if (this.method === 'POST') this.#addAction(facts, now)
    return facts
  }

  #addRequestBody(facts: Attributes): void {
    const { requestBody, request } = this
    if (request.complete) {
      facts['http.request.body.size'] = requestBody?.size ?? 0
      const key = requestBody ? this.#finishKey(requestBody) : this.around.requestKeys.of(this.#asked())
      if (key !== undefined) facts['pointsman.request.key'] = key
      return
    }
    // The app answered without reading on: the announced length is what the client set out to send.
    const announced = Number(request.headers['content-length'])
    if (Number.isInteger(announced)) facts['http.request.body.size'] = announced
  }

  #addResponseBody(facts: Attributes): void {
    const { response, responseBody } = this
    if (!response.headersSent) return
    const empty = hasNoBody(this.method, response.statusCode)
    facts['http.response.body.size'] = empty ? 0 : responseBody.wireSize
    facts['pointsman.response.uncompressed_size'] = empty ? 0 : responseBody.size
    const hash = responseBody.takeHash()
    if (hash && !empty && response.writableFinished) facts['pointsman.response.hash'] = finishHash(hash)
  }

  #addAction(facts: Attributes, now: number): void {
    const id = this.actionId ?? this.#formAction()
    if (id === undefined) return
    facts['pointsman.action.via'] = this.actionId === undefined ? 'form' : 'header'
    facts['next.action.id'] = id
    const named = this.around.build.actionName(id, now)
    if (!named) return
    facts['code.function.name'] = named.name
    if (named.file !== undefined) facts['code.file.path'] = named.file
  }

  #formAction(): string | undefined {
    const prefix = this.requestBody?.prefix
    return prefix ? actionIdOfForm(prefix) : undefined
  }

  /**
   * What was asked for, but for the body: method, path and query. The id of an action and the RSC form of a page are part
   * of it as well, since they choose the answer.
   */
  #asked(): string {
    const { headers } = this.request
    const form = headers['rsc'] === undefined ? '' : `rsc ${headers['next-router-prefetch'] ?? ''}`
    return `request\n${this.method} ${this.target.path}?${withoutRsc(this.target.query)}\n${this.actionId ?? form}\n`
  }

  /** A multipart body has a random boundary, so it never has a key. */
  #startKey(): Hmac | undefined {
    return this.multipart ? undefined : startHash(this.around.secret).update(this.#asked())
  }

  #finishKey(body: RequestBody): string | undefined {
    const hash = body.takeHash()
    return hash && finishHash(hash)
  }
}
