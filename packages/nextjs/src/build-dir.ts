// Where the running app's build lies. `next start`, a standalone server and a custom server run in the app's directory;
// `distDir` may have another name, which the files inside tell.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const MANIFEST = join('server', 'server-reference-manifest.json')

/** Directories that may hold the build, best first. Development writes beside an older production build, so it goes first there. */
export function buildDirs(configured: string | undefined, cwd: string, development: boolean): string[] {
  const named = configured === undefined ? join(cwd, '.next') : join(cwd, configured)
  const dirs = development ? [join(named, 'dev'), named] : [named]
  if (dirs.some(isBuild)) return dirs
  return [...discovered(cwd), ...dirs]
}

function isBuild(dir: string): boolean {
  return existsSync(join(dir, 'BUILD_ID')) || existsSync(join(dir, MANIFEST))
}

function discovered(cwd: string): string[] {
  try {
    return readdirSync(cwd, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
      .map((entry) => join(cwd, entry.name))
      .filter(isBuild)
      .sort((a, b) => modified(b) - modified(a))
  } catch {
    return []
  }
}

export function manifestPath(dir: string): string {
  return join(dir, MANIFEST)
}

export function modified(path: string): number {
  try {
    return statSync(path).mtimeMs
  } catch {
    return 0
  }
}
