// Builds the lab app with a given Next.js outside the repository, the way a user would install the package: from its
// tarball. A build is used again while nothing that goes into it has changed.

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const LAB = join(PACKAGE, 'test', 'lab')
const BASE = process.env.POINTSMAN_LAB_DIR ?? join(tmpdir(), `pointsman-lab-${process.getuid?.() ?? 0}`)

const OTEL = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/context-async-hooks': '2.12.0',
  '@opentelemetry/core': '2.12.1',
  '@opentelemetry/exporter-trace-otlp-proto': '0.223.1',
  '@opentelemetry/resources': '2.12.1',
  '@opentelemetry/sdk-trace-base': '2.12.1',
  '@vercel/otel': '2.1.3',
}

export const VERSIONS = {
  14: { next: '14.2.35', react: '18.3.1', 'react-dom': '18.3.1' },
  15: { next: '15.5.29', react: '19.3.1', 'react-dom': '19.3.1' },
  16: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
}

/**
 * `dev` installs without building; `nodesdk` adds @opentelemetry/sdk-node, which makes installing and building slow; `standalone`
 * sets that output; `next` takes another version of that major; `more` are further dependencies, `overrides` their own pinned.
 */
export function buildLab({ major = 16, next, nodesdk = false, standalone = false, dev = false, more = {}, overrides = {}, name, env: flags = {} } = {}) {
  const dir = join(BASE, `next-${name ?? next ?? major}${nodesdk ? '-nodesdk' : ''}${standalone ? '-standalone' : ''}${dev ? '-dev' : ''}`)
  mkdirSync(dir, { recursive: true })
  const dependencies = {
    ...VERSIONS[major],
    ...(next === undefined ? {} : { next }),
    ...OTEL,
    ...more,
    ...(nodesdk ? { '@opentelemetry/sdk-node': '0.223.0' } : {}),
    typescript: '5.9.3',
    '@types/react': '19.0.0',
    '@types/node': '20.19.0',
  }
  install(dir, dependencies, overrides)
  const env = { ...process.env, LAB_NEXT: String(major), NEXT_TELEMETRY_DISABLED: '1', ...(standalone ? { LAB_STANDALONE: '1' } : {}), ...flags }
  const stamp = fingerprint([LAB, join(PACKAGE, 'dist'), join(PACKAGE, 'package.json')]) + JSON.stringify([dependencies, flags])
  const log = join(dir, 'build.log')
  if (read(join(dir, 'build.stamp')) !== stamp) {
    rmSync(join(dir, 'build.stamp'), { force: true })
    copyLab(dir, major, { nodesdk, sentry: '@sentry/nextjs' in more, useCache: 'LAB_USE_CACHE' in flags })
    installPackage(dir)
    writeFileSync(log, dev ? '' : nextBuild(dir, env))
    writeFileSync(join(dir, 'build.stamp'), stamp)
  }
  return { dir, env, buildLog: readFileSync(log, 'utf8') }
}

function install(dir, dependencies, overrides) {
  const manifest = JSON.stringify({ name: 'lab', version: '0.0.0', private: true, dependencies, ...(Object.keys(overrides).length > 0 ? { overrides } : {}) }, null, 2)
  if (read(join(dir, 'package.json')) === manifest && existsSync(join(dir, 'installed'))) return
  rmSync(join(dir, 'installed'), { force: true })
  writeFileSync(join(dir, 'package.json'), manifest)
  npm(dir, ['install', '--loglevel=error', '--no-audit', '--no-fund', '--prefer-offline', '--legacy-peer-deps'])
  writeFileSync(join(dir, 'installed'), '')
}

/** Everything Next.js says while building, warnings too. */
function nextBuild(cwd, env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('node_modules', 'next', 'dist', 'bin', 'next'), 'build'], { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`next build failed:\n${stdout}${stderr}`)
  return stdout + stderr
}

/** What the installed packages or the settings do not allow is left out, so that the rest builds. */
function copyLab(dir, major, { nodesdk, sentry, useCache }) {
  // With .next goes webpack's cache, which takes a package of the same version for the same package.
  for (const name of ['.next', 'app', 'pages', 'otel', 'proxy.ts', 'middleware.ts']) rmSync(join(dir, name), { recursive: true, force: true })
  cpSync(LAB, dir, { recursive: true })
  if (!nodesdk) writeFileSync(join(dir, 'otel', 'nodesdk.ts'), 'export function start() {}\n')
  if (!sentry) writeFileSync(join(dir, 'otel', 'sentry.ts'), 'export function start() {}\n')
  // With `use cache` the edge runtime is a build error.
  rmSync(join(dir, 'app', 'api', useCache ? 'edge' : 'cached'), { recursive: true })
  if (major === 16) return
  const proxy = readFileSync(join(dir, 'proxy.ts'), 'utf8')
  rmSync(join(dir, 'proxy.ts'))
  writeFileSync(join(dir, 'middleware.ts'), proxy.replace('function proxy', 'function middleware'))
}

function installPackage(dir) {
  const target = join(dir, 'node_modules', '@pointsman', 'nextjs')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(dirname(target), { recursive: true })
  npm(PACKAGE, ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', dir])
  execFileSync('tar', ['xzf', 'pointsman-nextjs-0.1.0.tgz'], { cwd: dir })
  renameSync(join(dir, 'package'), target)
}

function npm(cwd, args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

function fingerprint(paths) {
  const hash = createHash('sha256')
  const add = (path) => {
    if (existsSync(path) && !path.endsWith('.json') && !/\.[a-z]+$/.test(path)) for (const name of readdirSync(path).sort()) add(join(path, name))
    else hash.update(path).update(read(path) ?? '')
  }
  for (const path of paths) add(path)
  return hash.digest('hex')
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
