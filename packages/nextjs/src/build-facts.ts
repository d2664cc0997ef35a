// What a build says about the app, as the attributes of one span: flags, what the proxy matches, what is prerendered, limits
// of duration, actions and routes. Pure: manifests go in as parsed JSON, each of them may be missing, and lists are bounded.

import type { Attributes } from '@opentelemetry/api'
import type { Json } from './build-files.js'

const MAX_ENTRIES = 500
const MAX_LENGTH = 200

export interface BuildManifests {
  /** `config` of required-server-files.json, or what a standalone server carries. */
  config: Json | undefined
  functions: Json | undefined
  middleware: Json | undefined
  prerender: Json | undefined
  appRoutes: Json | undefined
  pages: Json | undefined
  actions: Json | undefined
  /** Names of actions by id that the manifest lacks. */
  names: ReadonlyMap<string, string>
}

export function buildFacts(manifests: BuildManifests): Attributes {
  const lists = new Lists()
  lists.add('pointsman.next.flags', flags(manifests))
  lists.add('pointsman.next.proxy_matchers', proxyMatchers(manifests))
  lists.add('pointsman.next.prerendered', manifests.prerender && prerendered(manifests.prerender))
  lists.add('pointsman.next.max_durations', manifests.functions && maxDurations(manifests.functions))
  lists.add('pointsman.next.actions', manifests.actions && actions(manifests.actions, manifests.names))
  lists.add('pointsman.next.routes', routes(manifests))
  return lists.attributes()
}

/** Cuts what is too much and counts it. */
class Lists {
  readonly #facts: Attributes = {}
  #cut = 0

  /** A list that is not known is left out; one that is known and empty says so. */
  add(name: string, entries: Iterable<string> | undefined): void {
    if (entries === undefined) return
    const kept: string[] = []
    for (const entry of new Set(entries)) {
      if (kept.length >= MAX_ENTRIES || entry.length > MAX_LENGTH) this.#cut += 1
      else kept.push(entry)
    }
    this.#facts[name] = kept
  }

  attributes(): Attributes {
    return { ...this.#facts, 'pointsman.build.cut': this.#cut }
  }
}

const BOOLEAN_FLAGS = [
  'cacheComponents',
  'partialPrefetching',
  'ppr',
  'useCache',
  'dynamicIO',
  'authInterrupts',
  'reactCompiler',
  'cachedNavigations',
  'optimisticRouting',
  'dynamicOnHover',
  'clientSegmentCache',
  'trailingSlash',
  'i18n',
] as const

const DEFAULT_STALE_TIMES = { dynamic: 0, static: 300 }

function flags({ config, actions: manifest }: BuildManifests): string[] | undefined {
  if (config === undefined) return undefined
  const experimental = object(config['experimental'])
  const found: string[] = BOOLEAN_FLAGS.filter((name) => isOn(config[name]) || isOn(experimental?.[name]))
  if (manifest && actionEntries(manifest).length > 0) found.push('serverActions')
  if (typeof config['output'] === 'string') found.push(`output:${config['output']}`)
  if (typeof config['basePath'] === 'string' && config['basePath'] !== '') found.push(`basePath:${config['basePath']}`)
  if (config['compress'] === false) found.push('compress:false')
  const stale = object(experimental?.['staleTimes']) ?? object(config['staleTimes'])
  for (const [name, usual] of Object.entries(DEFAULT_STALE_TIMES)) {
    const seconds = stale?.[name]
    if (typeof seconds !== 'number' || seconds === usual) continue
    if (!found.includes('staleTimes')) found.push('staleTimes')
    found.push(`staleTimes.${name}=${seconds}`)
  }
  return found
}

function isOn(value: unknown): boolean {
  return value === true || value === 'incremental' || (typeof value === 'object' && value !== null)
}

/** Of a proxy on Node.js in one manifest, of middleware at the edge in another. */
function proxyMatchers({ functions, middleware }: BuildManifests): string[] | undefined {
  if (functions === undefined && middleware === undefined) return undefined
  const onNode = object(object(functions?.['functions'])?.['/_middleware'])
  const atEdge = object(middleware?.['middleware']) ?? {}
  return [onNode, ...Object.values(atEdge)].flatMap((one) => list(object(one)?.['matchers']).flatMap((matcher) => text(object(matcher)?.['originalSource'])))
}

/** Routes of which something was rendered at build time; `=partial` where the rest of the page comes with the request. */
function prerendered(manifest: Json): string[] {
  const found: string[] = []
  for (const [path, value] of Object.entries(object(manifest['routes']) ?? {})) {
    const entry = object(value)
    const route = text(entry?.['srcRoute'])[0] ?? path
    if (isInternal(route)) continue
    const partial = entry?.['renderingMode'] === 'PARTIALLY_STATIC' || entry?.['experimentalPPR'] === true || entry?.['response'] === 'initial'
    found.push(partial ? `${route}=partial` : route)
  }
  return found
}

function maxDurations(manifest: Json): string[] {
  return Object.entries(object(manifest['functions']) ?? {}).flatMap(([route, value]) => {
    const seconds = object(value)?.['maxDuration']
    return typeof seconds === 'number' ? [`${route}=${seconds}`] : []
  })
}

function actionEntries(manifest: Json): [string, Json | undefined][] {
  return ['node', 'edge'].flatMap((runtime) => Object.entries(object(manifest[runtime]) ?? {}).map(([id, entry]): [string, Json | undefined] => [id, object(entry)]))
}

/** `file#name`; without a file where only the code names it, and nothing where nothing does. */
function actions(manifest: Json, names: ReadonlyMap<string, string>): string[] {
  return actionEntries(manifest).flatMap(([id, entry]) => {
    const name = text(entry?.['exportedName'])[0] ?? names.get(id)
    return name === undefined ? [] : [`${text(entry?.['filename'])[0] ?? ''}#${name}`]
  })
}

function routes({ appRoutes, pages }: BuildManifests): string[] | undefined {
  if (appRoutes === undefined && pages === undefined) return undefined
  const app = Object.values(appRoutes ?? {}).flatMap(text)
  return [...app, ...Object.keys(pages ?? {})].filter((route) => !isInternal(route))
}

function isInternal(route: string): boolean {
  return route.startsWith('/_') || route === '/404' || route === '/500'
}

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [value] : []
}
