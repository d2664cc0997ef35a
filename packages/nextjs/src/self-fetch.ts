// Lets a fetch by which the app calls its own API carry on the trace: Next.js's own span of a fetch passes nothing on, so
// the called request would look like one from outside. The header goes to addresses that this process answers at, and to
// no other. Called by Node.js in the middle of the app's fetch, so every entrance catches everything.

import type { IncomingMessage } from 'node:http'
import { context, propagation } from '@opentelemetry/api'
import { fault } from './faults.js'

const REMEMBERED = 16
const PASSED_ON = ['traceparent', 'tracestate']
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** The newest addresses, bounded; one that comes again stays. */
class Recent {
  readonly #kept = new Set<string>()
  #last: string | undefined

  add(one: string): void {
    if (one === this.#last) return
    this.#last = one
    this.#kept.delete(one)
    this.#kept.add(one)
    if (this.#kept.size <= REMEMBERED) return
    for (const oldest of this.#kept) {
      this.#kept.delete(oldest)
      return
    }
  }

  has(one: string): boolean {
    return this.#kept.has(one)
  }
}

/** Where this process has been reached: what its sockets say, and the names that honest clients used. */
export class OwnAddresses {
  readonly #ports = new Recent()
  readonly #sockets = new Recent()
  readonly #names = new Recent()

  served({ headers, socket }: IncomingMessage): void {
    const { localAddress, localPort } = socket
    if (localAddress !== undefined && localPort !== undefined) {
      const port = String(localPort)
      this.#ports.add(port)
      this.#sockets.add(`${inUrl(localAddress)}:${port}`)
    }
    // Scanners write any name into `host`. Browsers and fetch, which send this header, put the one they connected to.
    if (headers['sec-fetch-mode'] === undefined) return
    if (headers.host !== undefined) this.#names.add(headers.host.toLowerCase())
    const forwarded = headers['x-forwarded-host']
    if (typeof forwarded === 'string') this.#names.add(firstOf(forwarded).toLowerCase())
  }

  includes(origin: URL): boolean {
    const port = origin.port || (origin.protocol === 'https:' ? '443' : '80')
    // A name mapped from outside says nothing about a port on the loopback.
    if (LOOPBACK.test(origin.hostname)) return this.#ports.has(port)
    return this.#names.has(origin.host) || this.#sockets.has(`${origin.hostname}:${port}`)
  }
}

/** As undici shows a request to subscribers; old versions keep its headers in one text. */
interface UndiciRequest {
  origin?: string | URL | undefined
  headers?: readonly unknown[] | string
  addHeader(name: string, value: string): unknown
}

export class SelfFetch {
  readonly #own = new OwnAddresses()

  /** Subscriber of `http.server.request.start`. */
  readonly onRequest = (message: unknown): void => {
    try {
      this.#own.served((message as { request: IncomingMessage }).request)
    } catch (error) {
      fault('noting an own address', error)
    }
  }

  /** Subscriber of `undici:request:create`, which runs in the context of the code that called fetch. */
  readonly onFetch = (message: unknown): void => {
    try {
      const { request } = message as { request: UndiciRequest }
      if (!request.origin || !this.#own.includes(new URL(request.origin)) || carriesTrace(request.headers)) return
      const carrier: Record<string, string> = {}
      propagation.inject(context.active(), carrier)
      if (carrier['traceparent'] === undefined) return
      for (const name of PASSED_ON) if (carrier[name]) request.addHeader(name, carrier[name])
    } catch (error) {
      fault('passing a trace on', error)
    }
  }
}

function carriesTrace(headers: UndiciRequest['headers']): boolean {
  if (typeof headers === 'string') return /^traceparent:/im.test(headers)
  return (headers ?? []).some((name, at) => at % 2 === 0 && String(name).toLowerCase() === 'traceparent')
}

function firstOf(list: string): string {
  const comma = list.indexOf(',')
  return (comma < 0 ? list : list.slice(0, comma)).trim()
}

/** An address as URLs write it: a dual-stack socket shows IPv4 as `::ffff:10.0.0.1`. */
function inUrl(address: string): string {
  if (!address.includes(':')) return address
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : `[${address}]`
}
