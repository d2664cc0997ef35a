// What the resource of `register` says about the service, before OTEL_RESOURCE_ATTRIBUTES has the last word.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function resourceFacts(serviceName: string | undefined, cwd: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const facts: Record<string, string> = {}
  const name = serviceName ?? env['npm_package_name'] ?? packageName(cwd)
  if (name) facts['service.name'] = name
  if (env.NODE_ENV) facts['node.env'] = env.NODE_ENV
  return facts
}

function packageName(cwd: string): string | undefined {
  try {
    const name = (JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) as { name?: unknown }).name
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}
