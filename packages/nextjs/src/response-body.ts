// Counts a response's body twice: as the app writes it, and as it goes to the wire below any compression, and feeds the
// response's hash. `write` and `end` become accessors, so that what a middleware assigns to them later is seen too,
// without a closure per request. Bytes pass unchanged. When the app writes is noted too: a stream shows in that.

import type { Hmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { fault } from './faults.js'

type Writer = (this: ServerResponse, ...args: unknown[]) => unknown
type Method = 'write' | 'end'

/** Told when the app writes its first bytes: by then the headers of the response are set. */
export interface BodyListener {
  bodyBegins(): void
}

export class ResponseBody {
  wireSize = 0
  size = 0
  /** Writes of the app that held bytes, before compression. */
  writes = 0
  /** On the clock of performance.now(); 0 before the first write. */
  firstWrite = 0
  lastWrite = 0
  /** Above 0 while the outermost writer runs: what it calls below is not counted as the app's again. */
  depth = 0
  readonly layers: Record<Method, Writer[]> = { write: [], end: [] }
  readonly base: Record<Method, Writer>

  constructor(
    response: ServerResponse,
    private hash: Hmac | undefined,
    private readonly maxHashedBytes: number,
    private readonly listener?: BodyListener,
  ) {
    this.base = { write: response.write as Writer, end: response.end as Writer }
  }

  addWire(length: number): void {
    this.wireSize += length
  }

  add(chunk: string | Uint8Array, encoding: BufferEncoding | undefined, length: number): void {
    this.size += length
    if (length > 0) this.#noteWrite()
    if (this.hash === undefined) return
    if (this.size > this.maxHashedBytes) this.hash = undefined
    else if (typeof chunk === 'string') this.hash.update(chunk, encoding ?? 'utf8')
    else this.hash.update(chunk)
  }

  #noteWrite(): void {
    this.lastWrite = performance.now()
    this.writes += 1
    if (this.writes > 1) return
    this.firstWrite = this.lastWrite
    this.listener?.bodyBegins()
  }

  /** The hash over everything written, or nothing when the body passed the bound. */
  takeHash(): Hmac | undefined {
    const hash = this.hash
    this.hash = undefined
    return hash
  }
}

const BODY = Symbol('pointsman.response.body')
type Observed = ServerResponse & { [BODY]: ResponseBody }

/**
 * Own accessors, shared by all responses. Changing the prototype instead would cost 75 microseconds a request: Node.js's
 * inline caches for responses no longer fit then.
 */
export function watchResponseBody(response: ServerResponse, body: ResponseBody): void {
  ;(response as Observed)[BODY] = body
  Object.defineProperties(response, ACCESSORS)
}

function accessor(method: Method): PropertyDescriptor {
  const wire: Writer = function observedWire(...args) {
    const body = (this as Observed)[BODY]
    count(this, body, args, true, body.depth === 0 && body.layers[method].length === 0)
    return body.base[method].apply(this, args)
  }
  return {
    configurable: true,
    enumerable: true,
    get(this: Observed): Writer {
      return this[BODY].layers[method].at(-1) ?? wire
    },
    set(this: Observed, assigned: Writer) {
      // Whatever is no function reads back as what it is; the counting ends with it.
      if (typeof assigned !== 'function') {
        Object.defineProperty(this, method, { configurable: true, enumerable: true, writable: true, value: assigned })
        return
      }
      const layers = this[BODY].layers[method]
      const known = assigned === wire ? 0 : layers.indexOf(assigned) + 1
      if (known > 0 || assigned === wire) layers.length = known
      else layers.push(outermost(assigned))
    },
  }
}

const ACCESSORS: PropertyDescriptorMap = { write: accessor('write'), end: accessor('end') }

/** What a middleware put over `write` or `end`: called from outside it sees the app's bytes, before compression. */
function outermost(assigned: Writer): Writer {
  return function observedOutermost(...args) {
    const body = (this as Observed)[BODY]
    if (body.depth === 0) count(this, body, args, false, true)
    body.depth += 1
    try {
      return assigned.apply(this, args)
    } finally {
      body.depth -= 1
    }
  }
}

function count(response: ServerResponse, body: ResponseBody, args: unknown[], wire: boolean, app: boolean): void {
  try {
    const chunk = args[0]
    if (response.writableEnded || !(typeof chunk === 'string' || chunk instanceof Uint8Array)) return
    const encoding = typeof args[1] === 'string' ? (args[1] as BufferEncoding) : undefined
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength
    if (wire) body.addWire(length)
    if (app) body.add(chunk, encoding, length)
  } catch (error) {
    fault('counting a response body', error)
  }
}
