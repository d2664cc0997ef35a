// The opaque key of one browser or machine for one UTC day. What identifies it is chosen here; only a keyed hash is returned.

import type { IncomingHttpHeaders } from 'node:http'
import { RememberedHashes, type Secret } from './keyed-hash.js'
import type { Settings } from './options.js'

/** Names under which frameworks keep sessions, without the prefixes `__Secure-` and `__Host-`. */
const KNOWN = new Set([
  'sid',
  'session',
  'sessionid',
  'session_id',
  'sessid',
  'connect.sid',
  'JSESSIONID',
  'PHPSESSID',
  'next-auth.session-token',
  'authjs.session-token',
  '__session',
  'iron-session',
  'better-auth.session_token',
  'auth_session',
  'ory_kratos_session',
  'laravel_session',
])

/** What is left in a cookie whose session has ended: nobody's, and the same for all. */
const ENDED = new Set(['', '""', 'deleted', 'null', 'undefined'])

const DAY_MS = 86_400_000

export class ClientKeys {
  #day = -1
  readonly #hashes: RememberedHashes

  constructor(
    secret: Secret,
    private readonly settings: Settings,
  ) {
    this.#hashes = new RememberedHashes(secret)
  }

  key(headers: IncomingHttpHeaders, socketAddress: string | undefined, now: number): string | undefined {
    const identity = this.#identity(headers, socketAddress)
    if (identity === undefined) return undefined
    const day = Math.floor(now / DAY_MS)
    if (day !== this.#day) {
      this.#day = day
      this.#hashes.forget()
    }
    return this.#hashes.of(`client\n${day}\n${identity}`)
  }

  #identity(headers: IncomingHttpHeaders, socketAddress: string | undefined): string | undefined {
    const session = headers.cookie === undefined ? undefined : sessionOf(headers.cookie, this.settings.sessionCookies)
    if (session !== undefined) return `cookie\n${session}`
    if (isBehindUntrustedProxy(headers, socketAddress, this.settings.trustProxy)) return undefined
    const address = clientAddress(headers, socketAddress, this.settings.trustProxy)
    return address === undefined ? undefined : `address\n${address}\n${headers['user-agent'] ?? ''}`
  }
}

/** Configured names win over well-known ones, wherever they stand in the header. */
export function sessionOf(cookie: string, configured: ReadonlySet<string>): string | undefined {
  let known: string | undefined
  for (let start = 0; start < cookie.length; ) {
    const semicolon = cookie.indexOf(';', start)
    const end = semicolon < 0 ? cookie.length : semicolon
    const equals = cookie.indexOf('=', start)
    if (equals > 0 && equals < end) {
      const name = cookie.slice(start, equals).trim()
      const value = cookie.slice(equals + 1, end).trim()
      if (!ENDED.has(value)) {
        if (configured.has(name)) return value
        if (known === undefined && isKnown(name)) known = stable(name, value)
      }
    }
    start = end + 1
  }
  return known
}

/** Auth.js cuts a long token into cookies `.0`, `.1`, ...: the first is enough. */
function isKnown(name: string): boolean {
  const bare = name.replace(/^__(?:Secure|Host)-/, '').replace(/\.0$/, '')
  return KNOWN.has(bare) || (bare.startsWith('sb-') && bare.includes('-auth-token'))
}

/** Clerk renews its token every minute; the session's id inside does not change. */
function stable(name: string, value: string): string {
  if (name !== '__session' || !value.startsWith('eyJ')) return value
  try {
    const claims: unknown = JSON.parse(Buffer.from(value.split('.', 2)[1] ?? '', 'base64url').toString())
    const sid = (claims as { sid?: unknown } | null)?.sid
    return typeof sid === 'string' ? sid : value
  } catch {
    return value
  }
}

/** Whether the address is that of a proxy in front, which all people behind it share: one key for all would be wrong. */
export function isBehindUntrustedProxy(
  headers: IncomingHttpHeaders,
  socketAddress: string | undefined,
  trustProxy: boolean | number,
): boolean {
  const trusted = trustProxy !== false && trustProxy !== 0
  return !trusted && headers['x-forwarded-for'] !== undefined && isInternal(socketAddress ?? '')
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
  const forwarded = trustProxy === false || trustProxy === 0 ? undefined : headers['x-forwarded-for']
  if (forwarded === undefined) return socketAddress
  const hops = String(forwarded).split(',')
  const index = trustProxy === true ? 0 : Math.max(0, hops.length - Number(trustProxy))
  return hops[index]?.trim() || socketAddress
}
