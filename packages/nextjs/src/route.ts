// Which handler Next.js chose for a request, read from the private note it keeps on the request object.

const META = Symbol.for('NextInternalRequestMeta')
const KINDS: Readonly<Record<string, string>> = {
  APP_PAGE: 'app_page',
  APP_ROUTE: 'app_route',
  PAGES_API: 'pages_api',
  PAGES: 'pages',
}
/** What Next.js renders in place of a handler; it says nothing about the path that was asked for. */
const STAND_INS = new Set(['/_error', '/404', '/500', '/_not-found', '/_global-error'])

export interface Route {
  pathname: string
  /** Absent when an error page answered: then only the path of the handler that failed is known. */
  kind: string | undefined
}

interface Meta {
  match?: { definition?: { kind?: unknown; pathname?: unknown } } | null
  invokeOutput?: unknown
}

export function routeOf(request: object): Route | undefined {
  const meta = (request as { [META]?: Meta })[META]
  if (!meta) return undefined
  const definition = meta.match?.definition
  const pathname = definition?.pathname
  if (typeof pathname === 'string' && !STAND_INS.has(pathname)) {
    return { pathname, kind: KINDS[String(definition?.kind)] }
  }
  const output = meta.invokeOutput
  if (typeof output !== 'string' || !output.startsWith('/') || STAND_INS.has(output)) return undefined
  return { pathname: output, kind: undefined }
}
