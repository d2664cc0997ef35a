// Sends what the build says about the app on one span of its own, at the start and every hour, and lets the build know the
// names of actions that stand only in its code. Reads files once, in the background, after the app has started.

import { join } from 'node:path'
import { ROOT_CONTEXT, SpanKind, type Attributes, type Tracer } from '@opentelemetry/api'
import { packageVersion, servedConfig } from './app-facts.js'
import { buildFacts, type BuildManifests } from './build-facts.js'
import { eachCodeFile, readCode, readJson, type Json } from './build-files.js'
import type { Build } from './build.js'
import { addChunkNames, uniqueNames } from './chunk-names.js'
import { fault } from './faults.js'

const SPAN_NAME = 'pointsman.build'
const HOUR_MS = 3_600_000
/** The app's first requests go first. */
const DELAY_MS = 500
const MAX_NAMES = 2000
/** The build is a fact and no sample: a sampler that takes one in a hundred gets so many chances. */
const SAMPLER_CHANCES = 300

export class BuildReport {
  constructor(private readonly build: Build) {}

  begin(tracer: Tracer): void {
    // In development there is no build, only what was compiled so far.
    if (process.env.NODE_ENV === 'development') return
    setTimeout(() => void this.#run(tracer), DELAY_MS).unref()
  }

  async #run(tracer: Tracer): Promise<void> {
    try {
      const facts = await this.#facts()
      send(tracer, facts)
      setInterval(() => send(tracer, facts), HOUR_MS).unref()
    } catch (error) {
      fault('reporting the build', error)
    }
  }

  async #facts(): Promise<Attributes> {
    const { dirs } = this.build
    const actions = await readJson(dirs, join('server', 'server-reference-manifest.json'))
    const names = await findNames(dirs, actions)
    this.build.learnNames(names)
    const manifests: BuildManifests = {
      config: servedConfig(dirs, process.env) as Json | undefined,
      functions: await readJson(dirs, join('server', 'functions-config-manifest.json')),
      middleware: await readJson(dirs, join('server', 'middleware-manifest.json')),
      prerender: await readJson(dirs, 'prerender-manifest.json'),
      appRoutes: await readJson(dirs, 'app-path-routes-manifest.json'),
      pages: await readJson(dirs, join('server', 'pages-manifest.json')),
      actions,
      names,
    }
    const react = packageVersion(process.cwd(), 'react')
    return { ...this.build.facts(), ...(react === undefined ? {} : { 'pointsman.react.version': react }), ...buildFacts(manifests) }
  }
}

/** Only where the manifest lacks names: the tables of the server's pages first, then the client's references. */
async function findNames(dirs: readonly string[], actions: Json | undefined): Promise<Map<string, string>> {
  const names = new Map<string, string>()
  const unnamed = Object.entries((actions?.['node'] ?? {}) as Record<string, { exportedName?: unknown; workers?: object } | undefined>).filter(
    ([, entry]) => typeof entry?.exportedName !== 'string',
  )
  if (unnamed.length === 0) return names
  const missing = (): boolean => unnamed.some(([id]) => !names.has(id))
  for (const dir of dirs) {
    await eachCodeFile(join(dir, 'static', 'chunks'), (code) => {
      addChunkNames(code, names, MAX_NAMES)
      return missing()
    })
    const pages = new Set(unnamed.flatMap(([, entry]) => Object.keys(entry?.workers ?? {})))
    for (const page of pages) {
      if (!missing()) break
      const code = /^[\w()[\]@.\-/]+$/.test(page) && !page.includes('..') ? await readCode(join(dir, 'server', `${page}.js`)) : undefined
      if (code !== undefined) addChunkNames(code, names, MAX_NAMES)
    }
  }
  return uniqueNames(names)
}

function send(tracer: Tracer, attributes: Attributes): void {
  try {
    for (let chance = 0; chance < SAMPLER_CHANCES; chance += 1) {
      const span = tracer.startSpan(SPAN_NAME, { kind: SpanKind.INTERNAL, root: true, attributes }, ROOT_CONTEXT)
      const recording = span.isRecording()
      span.end()
      if (recording) return
    }
  } catch (error) {
    fault('sending the build', error)
  }
}
