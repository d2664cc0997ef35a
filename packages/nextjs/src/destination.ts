// Where `register` sends spans, and as what service: from the package's own settings, else from OpenTelemetry's variables.
// Pure but for the app's package.json.

import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface Destination {
  /** Absent: the exporter takes OpenTelemetry's variables. */
  url: string | undefined
  headers: Record<string, string> | undefined
  /** For people: without user, password and query. */
  shown: string
}

const DEFAULT_ENDPOINT = 'http://localhost:4318'
const PATH = '/v1/traces'

/** `POINTSMAN_OTLP_ENDPOINT` is for apps whose OpenTelemetry variables belong to another backend. */
export function destinationOf(endpoint: string | undefined, env: NodeJS.ProcessEnv): Destination {
  const own = env['POINTSMAN_OTLP_ENDPOINT'] || endpoint
  const headers = parseHeaders(env['POINTSMAN_OTLP_HEADERS'])
  if (own) {
    const url = own.endsWith(PATH) ? own : own.replace(/\/+$/, '') + PATH
    return { url, headers, shown: shownUrl(url) }
  }
  const traces = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'] || DEFAULT_ENDPOINT
  return { url: undefined, headers, shown: shownUrl(traces || base.replace(/\/+$/, '') + PATH) }
}

/** `name=value,name=value`, values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS has them. */
export function parseHeaders(text: string | undefined): Record<string, string> | undefined {
  if (!text) return undefined
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=')
    if (equals <= 0) continue
    try {
      headers[pair.slice(0, equals).trim()] = decodeURIComponent(pair.slice(equals + 1).trim())
    } catch {
      // no percent-encoding: left out, as OpenTelemetry does it
    }
  }
  return headers
}

function shownUrl(text: string): string {
  try {
    const url = new URL(text)
    return `${url.protocol}//${url.host}${url.pathname}`
  } catch {
    return 'an endpoint that is not a valid URL'
  }
}

export interface ServiceName {
  name: string
  /** `guessed`: from the name of a folder, which may say little. */
  from: 'set' | 'package' | 'guessed'
}

export function serviceNameFor(option: string | undefined, cwd: string, env: NodeJS.ProcessEnv): ServiceName {
  const set = env['OTEL_SERVICE_NAME'] || resourceServiceName(env['OTEL_RESOURCE_ATTRIBUTES']) || option
  if (set) return { name: set, from: 'set' }
  // A script of a monorepo's root that starts the app leaves the root's name in the environment.
  const named = packageName(cwd) || env['npm_package_name']
  if (named) return { name: named, from: 'package' }
  return { name: basename(cwd) || 'nextjs', from: 'guessed' }
}

function resourceServiceName(attributes: string | undefined): string | undefined {
  return /(?:^|,)\s*service\.name\s*=\s*([^,]+)/.exec(attributes ?? '')?.[1]?.trim()
}

function packageName(cwd: string): string | undefined {
  try {
    const name = (JSON.parse(readFileSync(/* turbopackIgnore: true */ join(cwd, 'package.json'), 'utf8')) as { name?: unknown }).name
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}
