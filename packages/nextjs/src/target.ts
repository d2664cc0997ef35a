// A request target taken apart: path, query without Next.js's cache buster, names of query parameters. Pure text.

/** Longest text that goes into an attribute. */
export const MAX_TEXT = 1024

export interface Target {
  path: string
  query: string
}

export function splitTarget(url: string): Target {
  const relative = url.charCodeAt(0) === 47 ? url : afterOrigin(url)
  const mark = relative.indexOf('?')
  return mark < 0 ? { path: relative, query: '' } : { path: relative.slice(0, mark), query: relative.slice(mark + 1) }
}

/** Proxies may send the absolute form; the authority is not part of the path. */
function afterOrigin(url: string): string {
  const scheme = url.indexOf('://')
  if (scheme < 0) return url
  const slash = url.indexOf('/', scheme + 3)
  return slash < 0 ? '/' : url.slice(slash)
}

/** `_rsc` only busts caches: two requests that differ in nothing else ask for the same thing. */
export function withoutRsc(query: string): string {
  if (!query.includes('_rsc')) return query
  return query
    .split('&')
    .filter((part) => part !== '_rsc' && !part.startsWith('_rsc='))
    .join('&')
}

export function queryNames(query: string, allowed: ReadonlySet<string>, more: ReadonlySet<string>): string[] {
  const names: string[] = []
  for (const part of query.split('&', 100)) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    if ((allowed.has(name) || more.has(name)) && !names.includes(name)) names.push(name)
  }
  return names
}

/** Path of a URL or of a relative reference, without query and fragment. */
export function pathOf(reference: string): string {
  const { path } = splitTarget(reference)
  const hash = path.indexOf('#')
  return cut(hash < 0 ? path : path.slice(0, hash))
}

/** `host[:port]` of an absolute URL, lower case, else empty. */
export function hostOf(reference: string): string {
  const scheme = reference.indexOf('://')
  if (scheme < 0) return ''
  const start = scheme + 3
  let end = start
  while (end < reference.length && !'/?#'.includes(reference[end] as string)) end += 1
  return reference.slice(start, end).toLowerCase()
}

export function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
}

const NEXT_INTERNAL = '/_next/'

/** Assets and development sockets of Next.js itself; `/_next/data/` is a page asked for by the pages router. */
export function isOwnAsset(path: string): boolean {
  const at = path.indexOf(NEXT_INTERNAL)
  if (at >= 0) return !path.startsWith('data/', at + NEXT_INTERNAL.length)
  return path.startsWith('/__nextjs')
}

export function hasPrefix(path: string, prefixes: readonly string[]): boolean {
  for (const prefix of prefixes) if (path.startsWith(prefix)) return true
  return false
}
