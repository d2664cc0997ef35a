// The packages installed and run as users do it, by each package manager, from a registry on this machine: `make test-npx`.
// POINTSMAN_BIN names the program (glibc), POINTSMAN_BIN_MUSL one for musl where there is one,
// POINTSMAN_MANAGERS=npm,bun restricts the managers.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startRegistry } from './registry.mjs'

const bin = join(dirname(fileURLToPath(import.meta.url)), 'managers', 'node_modules')
const program = process.env.POINTSMAN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? '../../target', 'release', 'pointsman')
const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux`
const folder = mkdtempSync(join(tmpdir(), 'pointsman-managers-'))
const ours = `@pointsman/cli-linux-${process.arch}-`
let registry

/** How each one installs and runs; `fits` is what it leaves in node_modules. */
const MANAGERS = {
  npm: { add: ['npm', 'install', 'pointsman'], run: ['npx', '--no-install', 'pointsman'], fits: ['gnu'] },
  pnpm: { add: [join(bin, '.bin', 'pnpm'), 'add', 'pointsman'], run: [join(bin, '.bin', 'pnpm'), 'exec', 'pointsman'] },
  'yarn 1': { add: [...yarn('yarn'), 'add', 'pointsman'], run: [...yarn('yarn'), '--silent', 'pointsman'] },
  'yarn 4': { add: [...yarn('@yarnpkg/cli-dist'), 'add', 'pointsman'], run: [...yarn('@yarnpkg/cli-dist'), 'pointsman'] },
  bun: { add: [bun(), 'add', 'pointsman'], run: [bun(), 'x', '--no-install', 'pointsman'] },
}

before(async () => {
  assert.ok(existsSync(program), `there is no ${program}; make release builds it`)
  const programs = { [`${triple}-gnu`]: program }
  if (process.env.POINTSMAN_BIN_MUSL) programs[`${triple}-musl`] = process.env.POINTSMAN_BIN_MUSL
  registry = await startRegistry(programs, folder)
})

after(async () => {
  await registry?.close()
  rmSync(folder, { recursive: true, force: true })
})

const chosen = process.env.POINTSMAN_MANAGERS?.split(',')

for (const [manager, { add, run, fits }] of Object.entries(MANAGERS).filter(([name]) => chosen?.includes(name) ?? true)) {
  describe(manager, () => {
    const app = join(folder, manager.replace(' ', '-'))

    test('installs the launcher and the program of this platform', async () => {
      mkdirSync(app)
      writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', version: '0.0.0', private: true }))
      if (manager === 'yarn 4') writeFileSync(join(app, 'yarn.lock'), '')
      const installed = await called(app, add)
      assert.equal(installed.code, 0, installed.said)
      if (fits) assert.deepEqual(readdirSync(join(app, 'node_modules', '@pointsman')), fits.map((libc) => `${ours}${libc}`.split('/')[1]))
    })

    test('runs it', async () => {
      const version = await called(app, [...run, '--version'])
      assert.match(version.said, /^pointsman \d+\.\d+\.\d+$/m)
      assert.equal(version.code, 0)
      const wrong = await called(app, [...run, 'no-such-command'])
      assert.notEqual(wrong.code, 0)
      assert.match(wrong.said, /unrecognized subcommand/)
    })

    test('serves, and stops when it is told to', async () => {
      const serve = ['serve', '--db', join(app, 'p.db'), '--otlp-grpc', 'off', '--otlp-http', '127.0.0.1:0', '--listen', '127.0.0.1:0']
      const launcher = existsSync(join(app, 'node_modules', '.bin')) ? [join(app, 'node_modules', '.bin', 'pointsman')] : run
      const child = spawn(launcher[0], [...launcher.slice(1), ...serve], { cwd: app, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      const serving = new Promise((resolve, reject) => {
        child.once('exit', () => reject(new Error(said)))
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data).includes('127.0.0.1:') && resolve())
      })
      await serving
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null], said)
    })
  })
}

async function called(cwd, [command, ...args]) {
  const child = spawn(command, args, { cwd, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data))
  const [code] = await once(child, 'close')
  return { code, said }
}

/** Nothing of the machine's own settings and caches. */
function environment() {
  const kept = ['PATH', 'LANG', 'TERM'].filter((name) => process.env[name]).map((name) => [name, process.env[name]])
  const cache = (name) => join(folder, 'cache', name)
  return {
    ...Object.fromEntries(kept),
    HOME: join(folder, 'home'),
    CI: '1',
    npm_config_registry: registry.url,
    npm_config_cache: cache('npm'),
    npm_config_store_dir: cache('pnpm'),
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
    YARN_CACHE_FOLDER: cache('yarn'),
    YARN_REGISTRY: registry.url,
    YARN_NPM_REGISTRY_SERVER: registry.url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_IGNORE_PATH: '1',
    BUN_CONFIG_REGISTRY: registry.url,
    BUN_INSTALL_CACHE_DIR: cache('bun'),
  }
}

function yarn(name) {
  return ['node', join(bin, name, 'bin', 'yarn.js')]
}

/** Its package puts the program in place by a script; the program lies in the platform's package as well. */
function bun() {
  const folders = existsSync(join(bin, '@oven')) ? readdirSync(join(bin, '@oven')) : []
  const paths = folders.map((name) => join(bin, '@oven', name, 'bin', 'bun'))
  return paths.find((path) => existsSync(path) && spawnSync(path, ['--version']).status === 0) ?? 'bun'
}
