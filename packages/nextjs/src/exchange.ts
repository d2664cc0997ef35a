// One request and its response: what is noted while they run, and the attributes of both when they are over.
// It does not know how spans are made or ended.

import type { Hmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { actionIdOfForm, FORM_PREFIX_BYTES } from './action-form.js'
import type { Build } from './build.js'
import type { Client, ClientKeys } from './client-key.js'
import type { Running } from './current.js'
import { fault } from './faults.js'
import { GRAPHQL_PREFIX_BYTES, graphqlOperation, isJson } from './graphql.js'
import { finishHash, startHash, type RememberedHashes, type Secret } from './keyed-hash.js'
import { hasBody, RequestBody, watchRequestBody } from './request-body.js'
import { ResponseBody, watchResponseBody, type BodyListener } from './response-body.js'
import { addResponseFacts, hasNoBody } from './response-facts.js'
import { routeOf } from './route.js'
import { cut, withoutRsc, type Target } from './target.js'

/** What all exchanges of a process share. */
export interface ExchangeConfig {
  build: Build
  secret: Secret
  clients: ClientKeys
  /** Keys of requests without a body. */
  requestKeys: RememberedHashes
  maxHashedBytes: number
  graphqlOperationNames: boolean
}

export class Exchange implements BodyListener {
  readonly #start = performance.now()
  #setsSession: boolean | undefined
  readonly method: string
  readonly actionId: string | undefined
  readonly multipart: boolean
  readonly requestBody: RequestBody | undefined
  readonly responseBody: ResponseBody

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly target: Target,
    readonly client: Client,
    readonly running: Running,
    readonly config: ExchangeConfig,
  ) {
    const { headers } = request
    this.method = request.method ?? 'GET'
    const action = headers['next-action']
    this.actionId = this.method === 'POST' && typeof action === 'string' ? cut(action) : undefined
    this.multipart = headers['content-type']?.startsWith('multipart/form-data') ?? false
    if (hasBody(request)) {
      this.requestBody = new RequestBody(this.#startKey(), config.maxHashedBytes, this.#prefixBytes())
      watchRequestBody(request, this.requestBody)
    }
    this.responseBody = new ResponseBody(response, startHash(config.secret), config.maxHashedBytes, this)
    watchResponseBody(response, this.responseBody)
  }

  /** The browser may come again with its new session before this response is over. */
  bodyBegins(): void {
    try {
      this.#followSession()
    } catch (error) {
      fault('following a session', error)
    }
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
    this.#addCache(facts)
    if (this.response.headersSent) facts['pointsman.response.sets_session_cookie'] = this.#followSession()
    if (this.method === 'POST') {
      this.#addAction(facts, now)
      this.#addGraphql(facts)
    }
    return facts
  }

  #followSession(): boolean {
    if (this.#setsSession !== undefined) return this.#setsSession
    const set = this.response.getHeader('set-cookie')
    const cookies = set === undefined ? [] : Array.isArray(set) ? set : [String(set)]
    this.#setsSession = cookies.length > 0 && this.config.clients.follow(this.client, cookies)
    return this.#setsSession
  }

  /** How much of the beginning of the body is kept: of forms for the id of an action, of JSON for the name of an operation. */
  #prefixBytes(): number {
    if (this.method !== 'POST' || this.actionId !== undefined) return 0
    if (this.multipart) return FORM_PREFIX_BYTES
    return this.config.graphqlOperationNames && isJson(this.request.headers['content-type']) ? GRAPHQL_PREFIX_BYTES : 0
  }

  #addRequestBody(facts: Attributes): void {
    const { requestBody, request } = this
    if (request.complete) {
      facts['http.request.body.size'] = requestBody?.size ?? 0
      const key = requestBody ? this.#finishKey(requestBody) : this.config.requestKeys.of(this.#asked())
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
    this.#addWrites(facts, empty)
    const hash = responseBody.takeHash()
    if (hash && !empty && response.writableFinished) facts['pointsman.response.hash'] = finishHash(hash)
  }

  #addWrites(facts: Attributes, empty: boolean): void {
    const { writes, firstWrite, lastWrite } = this.responseBody
    facts['pointsman.response.writes'] = empty ? 0 : writes
    if (empty || writes === 0) return
    facts['pointsman.response.first_byte_ns'] = nanoseconds(firstWrite - this.#start)
    facts['pointsman.response.body_ns'] = nanoseconds(lastWrite - firstWrite)
  }

  /** Absent where no handler was asked: whether the app has any is not known. */
  #addCache(facts: Attributes): void {
    const { cacheHits, cacheMisses, cacheFills } = this.running
    if (cacheHits + cacheMisses + cacheFills === 0) return
    facts['pointsman.use_cache.hits'] = cacheHits
    facts['pointsman.use_cache.misses'] = cacheMisses
    facts['pointsman.use_cache.fills'] = cacheFills
  }

  #addGraphql(facts: Attributes): void {
    const prefix = this.multipart ? undefined : this.requestBody?.prefix
    const name = prefix ? graphqlOperation(prefix) : undefined
    if (name !== undefined) facts['pointsman.graphql.operation'] = name
  }

  #addAction(facts: Attributes, now: number): void {
    const id = this.actionId ?? this.#formAction()
    if (id === undefined) return
    facts['pointsman.action.via'] = this.actionId === undefined ? 'form' : 'header'
    facts['next.action.id'] = id
    const named = this.config.build.actionName(id, now)
    if (!named) return
    facts['code.function.name'] = named.name
    if (named.file !== undefined) facts['code.file.path'] = named.file
  }

  #formAction(): string | undefined {
    const prefix = this.multipart ? this.requestBody?.prefix : undefined
    return prefix ? actionIdOfForm(prefix) : undefined
  }

  /**
   * What was asked for, but for the body: method, path and query. The id of an action and the RSC form of a page are part
   * of it as well, since they choose the answer. The query of the page that an action is posted to is none of its arguments.
   */
  #asked(): string {
    const { headers } = this.request
    if (this.actionId !== undefined) return `request\n${this.method} ${this.target.path}\n${this.actionId}\n`
    const form = headers['rsc'] === undefined ? '' : `rsc ${headers['next-router-prefetch'] ?? ''}`
    return `request\n${this.method} ${this.target.path}?${withoutRsc(this.target.query)}\n${form}\n`
  }

  /** A multipart body has a random boundary, so it never has a key. */
  #startKey(): Hmac | undefined {
    return this.multipart ? undefined : startHash(this.config.secret).update(this.#asked())
  }

  #finishKey(body: RequestBody): string | undefined {
    const hash = body.takeHash()
    return hash && finishHash(hash)
  }
}

function nanoseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1e6))
}
