// Marks a fetch by which the app calls its own API: Next.js's own span of a fetch passes nothing on, so the called request
// would look like one from outside. The mark goes to addresses that this process answers at, and to no other.
// Called by Node.js in the middle of the app's fetch, so every entrance catches everything.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { context, trace, type SpanContext } from '@opentelemetry/api'
import { fault } from './faults.js'
import { OWN_CALL_HEADER, type OwnCalls } from './own-call.js'
import { parseTraceparent } from './trace-context.js'

const REMEMBERED = 16
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

  /** `running`: the package's span that a fetch belongs to, where the app's own spans are another provider's. */
  constructor(
    private readonly ownCalls: OwnCalls,
    private readonly running: (request: object) => SpanContext | undefined,
    private readonly shared: () => boolean,
  ) {}

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
      if (!request.origin || !this.#own.includes(new URL(request.origin))) return
      const caller = this.shared() ? callerOf(request.headers) : this.running(request)
      if (caller) request.addHeader(OWN_CALL_HEADER, this.ownCalls.mark(caller, Date.now()))
    } catch (error) {
      fault('marking an own call', error)
    }
  }

  /** Subscriber of `http.client.request.created`, which Node.js has from 22.12 on: `http.request`, axios and others. */
  readonly onClientRequest = (message: unknown): void => {
    try {
      const { request } = message as { request: ClientRequest }
      const target = request.headersSent ? undefined : targetOf(request)
      if (target === undefined || !this.#own.includes(target)) return
      const carried = parseTraceparent(request.getHeader('traceparent')) ?? trace.getSpanContext(context.active())
      const caller = this.shared() ? carried : this.running(request)
      if (caller) request.setHeader(OWN_CALL_HEADER, this.ownCalls.mark(caller, Date.now()))
    } catch (error) {
      fault('marking an own call', error)
    }
  }
}

/** Where the connection of Node.js's own client will go; nothing when the `host` header says something else. */
function targetOf(request: ClientRequest): URL | undefined {
  const host = request.getHeader('host')
  if (typeof host !== 'string') return undefined
  const target = new URL(`${request.protocol}//${host}`)
  return target.hostname.replace(/^\[|\]$/g, '') === request.host.toLowerCase() ? target : undefined
}

/** The span of the fetch, if an instrumentation has made one and put it into the headers; else the one that is active. */
function callerOf(headers: UndiciRequest['headers']): SpanContext | undefined {
  return parseTraceparent(carriedTrace(headers)) ?? trace.getSpanContext(context.active())
}

function carriedTrace(headers: UndiciRequest['headers']): string | undefined {
  if (typeof headers === 'string') return /^traceparent:\s*(\S+)/im.exec(headers)?.[1]
  const at = (headers ?? []).findIndex((name, index) => index % 2 === 0 && String(name).toLowerCase() === 'traceparent')
  return at < 0 ? undefined : String(headers?.[at + 1])
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
