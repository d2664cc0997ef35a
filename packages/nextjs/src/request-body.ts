// Counts a request's body as the parser hands it over, feeds the request's hash and keeps the first bytes where asked to.
// The app's own reading is not touched: the chunk goes on in any case.

import type { Hmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { fault } from './faults.js'

export class RequestBody {
  size = 0
  prefix = ''

  constructor(
    private hash: Hmac | undefined,
    private readonly maxHashedBytes: number,
    private readonly prefixBytes: number,
  ) {}

  add(chunk: Buffer): void {
    if (this.prefix.length < this.prefixBytes) {
      this.prefix += chunk.toString('latin1', 0, this.prefixBytes - this.prefix.length)
    }
    this.size += chunk.length
    if (this.hash === undefined) return
    if (this.size > this.maxHashedBytes) this.hash = undefined
    else this.hash.update(chunk)
  }

  /** The hash over everything added, or nothing when the body passed the bound. */
  takeHash(): Hmac | undefined {
    const hash = this.hash
    this.hash = undefined
    return hash
  }
}

const BODY = Symbol('pointsman.request.body')
type Observed = IncomingMessage & { [BODY]?: RequestBody }
type Push = IncomingMessage['push']

export function watchRequestBody(request: IncomingMessage, body: RequestBody): void {
  const observed = request as Observed
  const push = request.push
  observed[BODY] = body
  request.push = function observedPush(this: Observed, chunk: unknown, encoding?: BufferEncoding): boolean {
    try {
      if (chunk instanceof Uint8Array) this[BODY]?.add(chunk as Buffer)
    } catch (error) {
      fault('counting a request body', error)
    }
    return push.call(this, chunk, encoding)
  } as Push
}

/** No length and no chunks announced: nothing will be pushed. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}
