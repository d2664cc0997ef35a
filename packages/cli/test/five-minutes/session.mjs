// What a new user does, from an app that knows nothing of Pointsman to a first true sentence about it. It runs on the machine that
// machine.mjs has made: node session.mjs SOCKET PORT, the registry's socket and where the user's npm looks for it. The commands after
// `init` are those that init prints, word for word.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'

const WITHIN_S = 300
const REQUESTS = 10
const home = process.env.HOME
const app = join(home, 'my-app')
const other = join(home, 'other-app')
const [socket, port] = process.argv.slice(2)
const running = []

/** Runs a line as a shell does; how it ended and what it said. */
async function run(line, { cwd = app, env = {} } = {}) {
  const child = spawn('/bin/sh', ['-c', line], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (data) => (said.out += data))
  child.stderr.on('data', (data) => (said.err += data))
  const [code] = await once(child, 'close')
  return { code, ...said }
}

async function succeed(line, options) {
  const ended = await run(line, options)
  assert.equal(ended.code, 0, `${line}\n${ended.out}${ended.err}`)
  return ended.out
}

/** A terminal of its own: the command goes on until the session ends. */
function open(line) {
  const child = spawn('/bin/sh', ['-c', line], { cwd: app, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const terminal = { line, said: '', child }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (terminal.said += data))
  running.push(terminal)
  return terminal
}

async function close({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGTERM')
  await ended
}

async function until(terminal, done) {
  const end = Date.now() + WITHIN_S * 1000
  for (;;) {
    const result = await done().catch(() => undefined)
    if (result) return result
    assert.equal(terminal.child.exitCode, null, `${terminal.line} ended:\n${terminal.said}`)
    assert.ok(Date.now() < end, `${terminal.line}: nothing in ${WITHIN_S} s\n${terminal.said}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const answers = async (url) => (await fetch(url)).ok

async function fiveMinutes() {
  const begin = performance.now()
  const times = []
  const passed = () => ((performance.now() - begin) / 1000).toFixed(1)
  const mark = (what) => times.push(`${what} ${passed()} s`)

  const said = await succeed('npx --yes pointsman init')
  mark('set up after')
  assert.ok(existsSync(join(app, 'instrumentation.ts')), said)
  const steps = [...said.matchAll(/^ {2}\d\. (.*?)(?: {2,}#.*)?$/gm)].map(([, step]) => step)
  assert.deepEqual(steps.slice(0, 2), ['npx pointsman serve', 'npm run build && npm run start'], said)

  const serve = open(steps[0])
  await until(serve, () => answers('http://127.0.0.1:4400/healthz'))
  const started = open(steps[1])
  await until(started, () => answers('http://localhost:3000/'))
  mark('built and started after')
  // The one above counts.
  for (let request = 1; request < REQUESTS; request += 1) assert.ok(await answers('http://localhost:3000/'))

  const sentence = await until(started, async () => {
    const report = await succeed('npx pointsman report --full')
    return report.split('\n').find((line) => line.includes(`page, ${REQUESTS} calls`))
  })
  assert.match(started.said, /pointsman.*my-app/, 'the app says where it sends and as what')
  const took = Number(passed())
  // Where init says to look.
  await until(serve, async () => (await (await fetch('http://127.0.0.1:4400/')).text()).includes('my-app'))
  mark('on the page after')
  assert.ok(Number(passed()) - took < 30, `the page follows: ${times.join(', ')}`)
  console.log(`${times.join(', ')}; first true sentence after ${took} s:\n${sentence}`)
  assert.ok(took < WITHIN_S, `it took ${took} s`)
  for (const terminal of running) await close(terminal)
}

/** What was there before is there again. */
async function undo() {
  await succeed('npx pointsman init --undo')
  assert.equal(existsSync(join(app, 'instrumentation.ts')), false)
  const manifest = readFileSync(join(app, 'package.json'), 'utf8')
  assert.deepEqual(JSON.parse(manifest), JSON.parse(readFileSync(join(other, 'package.json'), 'utf8')))
}

/** Without its registry npm fails, and init says so in one line and has changed nothing. */
async function offline(registry) {
  const program = join(home, 'tools')
  await succeed(`npm install --prefix ${program} pointsman`, { cwd: home })
  registry.close()
  const files = () =>
    readdirSync(other, { withFileTypes: true }).map((entry) => [entry.name, entry.isFile() ? readFileSync(join(other, entry.name), 'utf8') : null])
  const before = files()
  const ended = await run(`${program}/node_modules/.bin/pointsman init`, { cwd: other, env: { npm_config_cache: join(home, 'empty') } })
  const lines = ended.err.trim().split('\n').filter((line) => !line.endsWith('packages ...'))
  assert.deepEqual([ended.code, lines.length], [1, 1], ended.err)
  assert.match(lines[0], /npm install does not reach its registry.*nothing was changed: run init again/)
  assert.deepEqual(files(), before)
}

const registry = createServer((client) => {
  const server = connect(socket)
  client.pipe(server).pipe(client)
  for (const one of [client, server]) one.on('error', () => [client, server].forEach((end) => end.destroy()))
}).listen(Number(port), '127.0.0.1')

console.log('== the app of the user, by create-next-app')
await succeed('npx --yes create-next-app@16 my-app --ts --app --empty --no-eslint --no-tailwind --no-src-dir --use-npm --disable-git --yes', { cwd: home })
cpSync(app, other, { recursive: true, verbatimSymlinks: true })
console.log(`== from nothing to a first true sentence, on Node.js ${process.versions.node}`)
await fiveMinutes()
console.log('== undo, and a registry that is not there')
await undo()
await offline(registry)
console.log('== all of it went well')
process.exit(0)
