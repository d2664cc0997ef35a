// Which cookies are sessions: by configured name, by the names that frameworks use, and by the form of a sealed value. Finds
// them in `cookie` and in `set-cookie`. Cookies against forgery, for consent, themes, languages and analytics are none. Pure.

export interface SessionCookie {
  /** Without `__Secure-` and `__Host-`, and without the number of a part. */
  name: string
  value: string
}

/** Names under which frameworks and libraries keep sessions, without prefixes, lower case. */
const KNOWN: ReadonlySet<string> = new Set([
  // Servers and frameworks
  'sid',
  'session',
  'sessionid',
  'session_id',
  'session-id',
  'sessid',
  'connect.sid',
  'koa.sess',
  'koa:sess',
  'express:sess',
  'jsessionid',
  'phpsessid',
  'asp.net_sessionid',
  '.aspnetcore.session',
  '.aspnetcore.identity.application',
  'laravel_session',
  'ci_session',
  // Auth.js, better-auth, iron-session, Lucia and others that run inside the app
  'next-auth.session-token',
  'authjs.session-token',
  'better-auth.session_token',
  'iron-session',
  'auth_session',
  'authtoken',
  'payload-token',
  'directus_session_token',
  // Services
  '__session',
  'appsession',
  'wos-session',
  'ory_kratos_session',
  'stytch_session',
  'stytch_session_jwt',
  'supabase-auth-token',
  'sb-access-token',
  'hanko',
  // Names that people give to the token of a sign-in
  'token',
  'jwt',
  'auth',
  'auth-token',
  'auth_token',
  'access_token',
  'access-token',
  'accesstoken',
  'session-token',
  'session_token',
  'sessiontoken',
  'user_session',
])

/** `shop_session`, `my-app.sid`, `acme-session-token`. */
const SESSION_LIKE = /[._:-](?:session|sess|sessid|sid)(?:[._-]?(?:id|token))?$/

/** Sound like a session and are none: somebody else's script, protection against forgery, a taste. */
const NO_SESSION = /csrf|xsrf|consent|theme|locale|lang|__stripe|hotjar|^_hj|^_ga|^_gid|^_dd|analytics|intercom|amplitude|^ajs|^mp_|^ph_|optimizely/

/** What is left in a cookie whose session has ended: nobody's, and the same for all. */
const ENDED = new Set(['', '""', 'deleted', 'null', 'undefined', 'none'])

/** How a `set-cookie` ends a session without emptying it. */
const ENDING = /;\s*(?:max-age\s*=\s*(?:0+\s*(?:;|$)|-)|expires\s*=[^;]*\b19[67]\d\b)/i

/** What iron-session's seals begin with, under whatever name the app chose. */
const SEALED = 'Fe26.2'

/** Whether a cookie of this name is a session, as far as names tell; `value` shows a sealed one. */
export function isSession(name: string, value: string, configured: ReadonlySet<string>): boolean {
  return configured.has(name) || isKnown(name, value)
}

function isKnown(name: string, value: string): boolean {
  const said = judgeName(name)
  return said === 'session' || (said === 'unclear' && value.startsWith(SEALED))
}

type NameSays = 'session' | 'none' | 'unclear'

/** Judging a name costs more than looking it up. Clients choose names, so only the first ones are remembered. */
const REMEMBERED_NAMES = 500
const judged = new Map<string, NameSays>()

function judgeName(name: string): NameSays {
  const remembered = judged.get(name)
  if (remembered !== undefined) return remembered
  const said = nameSays(name)
  if (judged.size < REMEMBERED_NAMES && name.length <= 64) judged.set(name, said)
  return said
}

function nameSays(name: string): NameSays {
  const bare = bareName(name).toLowerCase()
  if (KNOWN.has(bare)) return 'session'
  if (NO_SESSION.test(bare)) return 'none'
  if (bare.startsWith('sb-') && bare.includes('-auth-token')) return !bare.includes('code-verifier') && firstPart(name) ? 'session' : 'none'
  return SESSION_LIKE.test(bare) ? 'session' : 'unclear'
}

/** Auth.js, Auth0 and Supabase cut a long token into cookies `.0`, `.1` or `__0`, `__1`: the first is enough. */
function bareName(name: string): string {
  return name.replace(/^__(?:Secure|Host)-/, '').replace(/(?:\.0|__0)$/, '')
}

function firstPart(name: string): boolean {
  return !/(?:\.|__)[1-9]\d*$/.test(name)
}

/** The session in a `cookie` header. Configured names win over well-known ones, wherever they stand. */
export function sessionOf(cookie: string, configured: ReadonlySet<string>): SessionCookie | undefined {
  let known: SessionCookie | undefined
  for (let start = 0; start < cookie.length; ) {
    const semicolon = cookie.indexOf(';', start)
    const end = semicolon < 0 ? cookie.length : semicolon
    const equals = cookie.indexOf('=', start)
    if (equals > 0 && equals < end) {
      const name = cookie.slice(start, equals).trim()
      const value = cookie.slice(equals + 1, end).trim()
      if (!ENDED.has(value)) {
        if (configured.has(name)) return { name: bareName(name), value }
        if (known === undefined && isKnown(name, value)) known = { name: bareName(name), value: stable(name, value) }
      }
    }
    start = end + 1
  }
  return known
}

/** What a response does to sessions. */
export interface SessionChanges {
  /** A `set-cookie` names a session: made, renewed or ended. */
  any: boolean
  /** The sessions that live on, with their new values. */
  set: SessionCookie[]
}

export function sessionChanges(setCookie: readonly string[], configured: ReadonlySet<string>): SessionChanges {
  const changes: SessionChanges = { any: false, set: [] }
  for (const text of setCookie) {
    const semicolon = text.indexOf(';')
    const pair = semicolon < 0 ? text : text.slice(0, semicolon)
    const equals = pair.indexOf('=')
    if (equals <= 0) continue
    const name = pair.slice(0, equals).trim()
    const value = pair.slice(equals + 1).trim()
    if (!isSession(name, value, configured)) continue
    changes.any = true
    if (!ENDED.has(value) && !ENDING.test(text)) changes.set.push({ name: bareName(name), value: stable(name, value) })
  }
  return changes
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
