// Which kinds of credential a request carried: their presence, never their value. Pure.

import type { IncomingHttpHeaders } from 'node:http'
import { API_KEY_HEADERS, SIGNATURE_HEADERS } from './header-names.js'

/** `session`: one of the cookies is a session. */
export function credentials(headers: IncomingHttpHeaders, session: boolean): string[] {
  const found: string[] = []
  if (headers.cookie !== undefined) found.push('cookie')
  if (session) found.push('session')
  const scheme = authorization(headers.authorization)
  if (scheme) found.push(scheme)
  if (scheme !== 'api-key' && API_KEY_HEADERS.some((name) => headers[name] !== undefined)) found.push('api-key')
  for (const name of SIGNATURE_HEADERS) if (headers[name] !== undefined) found.push(`signature:${name}`)
  return found
}

function authorization(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const scheme = value.slice(0, 7).toLowerCase()
  if (scheme === 'bearer ') return 'bearer'
  if (scheme.startsWith('basic ')) return 'basic'
  return scheme.startsWith('apikey') || scheme.startsWith('api-key') ? 'api-key' : undefined
}
