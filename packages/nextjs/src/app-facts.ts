// Facts of the app that hold for the life of the process: instance, Next.js version, build, deployment, body limit of actions.
// A fact that cannot be found is left out.

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Attributes } from '@opentelemetry/api'

const DEFAULT_BODY_LIMIT = 1024 * 1024

interface Config {
  deploymentId?: unknown
  experimental?: { serverActions?: { bodySizeLimit?: unknown } }
}

export function appFacts(dirs: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Attributes {
  const config = servedConfig(dirs, env)
  return present({
    'pointsman.instance.id': randomUUID(),
    'pointsman.next.version': nextVersion(cwd, env),
    'pointsman.next.build_id': firstText(dirs, 'BUILD_ID')?.trim(),
    'pointsman.deployment.id': env['NEXT_DEPLOYMENT_ID'] || text(config?.deploymentId) || env['VERCEL_DEPLOYMENT_ID'],
    'pointsman.next.body_size_limit': config && bodyLimit(config.experimental?.serverActions?.bodySizeLimit),
  })
}

/** A standalone server carries its configuration in the environment, a build in a file; development in neither. */
export function servedConfig(dirs: readonly string[], env: NodeJS.ProcessEnv): Config | undefined {
  const standalone = parse<Config>(env['__NEXT_PRIVATE_STANDALONE_CONFIG'])
  return standalone ?? parse<{ config?: Config }>(firstText(dirs, 'required-server-files.json'))?.config
}

/** Next.js reads `'2mb'` as the npm package `bytes` does. */
export function bodyLimit(configured: unknown): number | undefined {
  if (configured === undefined || configured === null) return DEFAULT_BODY_LIMIT
  if (typeof configured === 'number') return configured
  const parts = /^\s*(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|tb)?\s*$/i.exec(String(configured))
  if (!parts) return undefined
  const power = ['b', 'kb', 'mb', 'gb', 'tb'].indexOf((parts[2] ?? 'b').toLowerCase())
  return Math.floor(Number(parts[1]) * 1024 ** power)
}

function nextVersion(cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const told = env['__NEXT_VERSION'] ?? /\(v(\d[^)]*)\)/.exec(process.title)?.[1]
  return told ?? packageVersion(cwd, 'next')
}

export function packageVersion(cwd: string, name: string): string | undefined {
  return text(parse<{ version?: unknown }>(read(join(cwd, 'node_modules', name, 'package.json')))?.version)
}

function firstText(dirs: readonly string[], name: string): string | undefined {
  for (const dir of dirs) {
    const found = read(join(dir, name))
    if (found !== undefined) return found
  }
  return undefined
}

function read(path: string): string | undefined {
  try {
    return readFileSync(/* turbopackIgnore: true */ path, 'utf8')
  } catch {
    return undefined
  }
}

function parse<T>(json: string | undefined): T | undefined {
  if (!json) return undefined
  try {
    return JSON.parse(json) as T
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function present(facts: Attributes): Attributes {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
