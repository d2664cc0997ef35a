// The opaque key of one browser or machine for one UTC day. What identifies it is chosen here; only a keyed hash is returned.

import type { IncomingHttpHeaders } from 'node:http'
import { RememberedHashes, type Secret } from './keyed-hash.js'
import type { Settings } from './options.js'

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
  '__Secure-next-auth.session-token',
  'authjs.session-token',
  '__Secure-authjs.session-token',
  '__session',
  'iron-session',
  'better-auth.session_token',
  '__Secure-better-auth.session_token',
])
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
      if (configured.has(name)) return cookie.slice(equals + 1, end)
      if (known === undefined && isKnown(name)) known = stable(name, cookie.slice(equals + 1, end))
    }
    start = end + 1
  }
  return known
}

function isKnown(name: string): boolean {
  return KNOWN.has(name) || (name.startsWith('sb-') && name.includes('-auth-token')) || isFirstChunk(name)
}

/** Auth.js cuts a long token into cookies `.0`, `.1`, ...: the first is enough. */
function isFirstChunk(name: string): boolean {
  return name.endsWith('.0') && KNOWN.has(name.slice(0, -2))
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
