// What new users stumbled over: a project of pnpm, an app in `src/`, and an image that is built from the app's own folder, where a
// `file:` path that leads out of it does not exist. Long: run by `make test-full`. POINTSMAN_PNPM names another pnpm.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { VERSIONS } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const PACKAGE = join(here, '..', '..')
const pnpm = process.env.POINTSMAN_PNPM ?? join(PACKAGE, '..', 'cli', 'test', 'managers', 'node_modules', '.bin', 'pnpm')
const PEERS = ['api@1.9.1', 'context-async-hooks@2.12.0', 'core@2.12.1', 'exporter-trace-otlp-proto@0.223.1', 'resources@2.12.1', 'sdk-trace-base@2.12.1']

const folder = mkdtempSync(join(tmpdir(), 'pointsman-stumbling-'))
const app = join(folder, 'app')
let sink

before(async () => {
  assert.ok(existsSync(pnpm), `there is no ${pnpm}: make test-npx installs it`)
  sink = await startSink()
  mkdirSync(join(app, 'src', 'app', 'api', 'hello'), { recursive: true })
  mkdirSync(join(app, 'vendor'))
  execFileSync('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', join(app, 'vendor')], { cwd: PACKAGE, stdio: 'ignore' })
  const files = {
    'package.json': JSON.stringify({ name: 'a-shop', version: '0.0.0', private: true }),
    'src/app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html> }\n',
    'src/app/page.js': 'export default function Page() { return <p>hello</p> }\n',
    'src/app/api/hello/route.js': "export const dynamic = 'force-dynamic'\nexport function GET() { return Response.json({}) }\n",
    'src/instrumentation.js': "import { register as pointsman } from '@pointsman/nextjs/register'\nexport async function register() { await pointsman() }\n",
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), text)
})

after(async () => {
  await sink?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('the package is installed in a project of pnpm', () => {
  const [tarball] = readdirSync(join(app, 'vendor'))
  const { next, react } = VERSIONS[16]
  run(app, ['add', `next@${next}`, `react@${react}`, `react-dom@${react}`, `./vendor/${tarball}`, ...PEERS.map((name) => `@opentelemetry/${name}`)])
})

test('the app is built from its own folder alone, as its Dockerfile does it', () => {
  const image = join(folder, 'image')
  // The layers of an ordinary Dockerfile: manifests first, then the rest.
  for (const name of ['package.json', 'pnpm-lock.yaml', 'vendor']) cpSync(join(app, name), join(image, name), { recursive: true })
  run(image, ['install', '--frozen-lockfile', '--prefer-offline'])
  cpSync(join(app, 'src'), join(image, 'src'), { recursive: true })
  run(image, ['exec', 'next', 'build'])
})

test('an app in `src/` is observed, under the name of its package', async () => {
  const next = spawn(process.execPath, [join('node_modules', 'next', 'dist', 'bin', 'next'), 'start', '-p', '0', '-H', '127.0.0.1'], {
    cwd: join(folder, 'image'),
    env: { ...process.env, NODE_ENV: 'production', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '200', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [next.stdout, next.stderr]) stream.on('data', (data) => (said += data))
  try {
    const url = await until(() => /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(said)?.[0], () => said)
    assert.equal((await fetch(`${url}/api/hello`)).status, 200)
    const [span] = await sink.until(({ scope, attributes }) => scope.name === '@pointsman/nextjs' && attributes['url.path'] === '/api/hello')
    assert.deepEqual([span.attributes['http.route'], span.resource['service.name']], ['/api/hello', 'a-shop'])
    assert.match(said, /@pointsman\/nextjs: traces go to \S+ as service "a-shop"/)
  } finally {
    next.kill('SIGKILL')
  }
})

function run(cwd, args) {
  try {
    execFileSync(pnpm, args, { cwd, env: { ...process.env, CI: '1', NEXT_TELEMETRY_DISABLED: '1' }, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    throw new Error(`pnpm ${args.join(' ')}: ${error.stdout}${error.stderr}`, { cause: error })
  }
}

async function until(find, otherwise, ms = 60_000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(100)) {
    const found = find()
    if (found) return found
  }
  throw new Error(otherwise())
}
