// The opaque key of one browser or machine for one UTC day. What identifies it is chosen here; only a keyed hash is returned.
// A session whose value changes stays the same client: this process remembers which key the new value belongs to.

import type { IncomingHttpHeaders } from 'node:http'
import { RememberedHashes, type Secret } from './keyed-hash.js'
import type { Settings } from './options.js'
import { sessionChanges, sessionOf, type SessionCookie } from './session-cookies.js'

const DAY_MS = 86_400_000
/** About 3 MB when full. */
const SUCCESSORS = 20_000

export interface Client {
  session: SessionCookie | undefined
  /** Keyed hash of the session's value, before it is known whose successor it is. */
  sessionHash: string | undefined
  key: string | undefined
  basis: 'session' | 'address' | undefined
  /** From address and user agent alone. Absent where the address is that of a proxy which is not trusted. */
  networkKey: string | undefined
  /** A forwarded address came and is not believed. */
  forwarded: boolean
}

interface Successor {
  key: string
  /** The hash of the value before: kept for requests that are still under way with it, and no longer than for one change. */
  before: string
}

export class ClientKeys {
  #day = -1
  readonly #hashes: RememberedHashes
  readonly #successors = new Map<string, Successor>()

  constructor(
    secret: Secret,
    private readonly settings: Settings,
  ) {
    this.#hashes = new RememberedHashes(secret)
  }

  of(headers: IncomingHttpHeaders, socketAddress: string | undefined, now: number): Client {
    const { trustProxy, sessionCookies } = this.settings
    this.#begin(Math.floor(now / DAY_MS))
    const session = headers.cookie === undefined ? undefined : sessionOf(headers.cookie, sessionCookies)
    const forwarded = !isTrusting(trustProxy) && (headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined)
    const address = isBehindUntrustedProxy(headers, socketAddress, trustProxy) ? undefined : clientAddress(headers, socketAddress, trustProxy)
    const networkKey = address === undefined ? undefined : this.#hash(`address\n${address}\n${headers['user-agent'] ?? ''}`)
    if (session === undefined) {
      return { session, sessionHash: undefined, key: networkKey, basis: networkKey === undefined ? undefined : 'address', networkKey, forwarded }
    }
    const sessionHash = this.#hash(`cookie\n${session.value}`)
    return { session, sessionHash, key: this.#keyOf(sessionHash), basis: 'session', networkKey, forwarded }
  }

  /** Takes note of the sessions that a response to this client sets; returns whether it names any. */
  follow({ session, sessionHash, key }: Client, setCookie: readonly string[]): boolean {
    const changes = sessionChanges(setCookie, this.settings.sessionCookies)
    if (session === undefined || sessionHash === undefined || key === undefined) return changes.any
    const next = changes.set.find(({ name }) => name === session.name)
    if (next !== undefined && next.value !== session.value) this.#remember(this.#hash(`cookie\n${next.value}`), { key, before: sessionHash })
    return changes.any
  }

  #keyOf(sessionHash: string): string {
    const successor = this.#successors.get(sessionHash)
    if (successor === undefined) return sessionHash
    // What is in use moves to the end: the oldest unused go first.
    this.#successors.delete(sessionHash)
    this.#successors.set(sessionHash, successor)
    return successor.key
  }

  #remember(hash: string, successor: Successor): void {
    const twoBefore = this.#successors.get(successor.before)?.before
    if (twoBefore !== undefined && twoBefore !== hash) this.#successors.delete(twoBefore)
    this.#successors.delete(hash)
    this.#successors.set(hash, successor)
    if (this.#successors.size <= SUCCESSORS) return
    for (const oldest of this.#successors.keys()) {
      this.#successors.delete(oldest)
      return
    }
  }

  #hash(identity: string): string {
    return this.#hashes.of(`client\n${this.#day}\n${identity}`)
  }

  #begin(day: number): void {
    if (day === this.#day) return
    this.#day = day
    this.#hashes.forget()
    this.#successors.clear()
  }
}

function isTrusting(trustProxy: boolean | number): boolean {
  return trustProxy !== false && trustProxy !== 0
}

/** Whether the address is that of a proxy in front, which all people behind it share: one key for all would be wrong. */
export function isBehindUntrustedProxy(
  headers: IncomingHttpHeaders,
  socketAddress: string | undefined,
  trustProxy: boolean | number,
): boolean {
  const forwarded = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined
  return !isTrusting(trustProxy) && forwarded && isInternal(socketAddress ?? '')
}

/** Loopback, private and carrier-grade addresses, where proxies stand. */
function isInternal(address: string): boolean {
  const bare = address.replace(/^::ffff:/i, '')
  return /^(?:127\.|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd])/i.test(bare)
}

export function clientAddress(
  headers: IncomingHttpHeaders,
  socketAddress: string | undefined,
  trustProxy: boolean | number,
): string | undefined {
  const forwarded = isTrusting(trustProxy) ? headers['x-forwarded-for'] : undefined
  if (forwarded === undefined) return socketAddress
  const hops = String(forwarded).split(',')
  const index = trustProxy === true ? 0 : Math.max(0, hops.length - Number(trustProxy))
  return hops[index]?.trim() || socketAddress
}
