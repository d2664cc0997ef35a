// The launcher with a program that stands in for the real one: what passes through it, and what it says when there is none.
// With real package managers and the real program: managers.test.mjs.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { after, describe, test } from 'node:test'
import { candidates, findProgram, PACKAGES } from '../lib/platform.js'
import { FAKE, install } from './installed.mjs'

const [here] = candidates({ os: process.platform, cpu: process.arch, glibc: '2.99' })
const { app, launcher } = install({ [here]: FAKE })
after(() => rmSync(app, { recursive: true, force: true }))

// Node.js 22.15 and later replace the process; everywhere the launcher can stand in front of the program.
const ways = typeof process.execve === 'function' ? ['spawn', 'execve'] : ['spawn']

for (const way of ways) {
  const options = { env: { ...process.env, POINTSMAN_LAUNCHER: way } }

  describe(`by ${way}`, () => {
    test('arguments, standard streams and the exit code pass through', () => {
      const ended = spawnSync(process.execPath, [launcher, 'echo', '3', '--a b', ''], { ...options, input: 'from stdin', encoding: 'utf8' })
      assert.deepEqual([ended.stdout, ended.stderr, ended.status], ['{"rest":["3","--a b",""],"own":null}from stdin', 'to stderr', 3])
    })

    test('a program that a signal ends is told as such', () => {
      const ended = spawnSync(process.execPath, [launcher, 'die', 'SIGTERM'], options)
      assert.deepEqual([ended.status, ended.signal], [null, 'SIGTERM'])
    })

    for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2']) {
      test(`${signal} reaches the program once, which decides how to end`, async () => {
        const child = await started(options)
        child.kill(signal)
        assert.deepEqual([await child.output, await child.ended], [`${signal}\n`, [7, null]])
      })
    }

    test('SIGHUP, which makes the daemon read its configuration, ends nothing', async () => {
      const child = await started(options)
      child.kill('SIGHUP')
      await child.heard('SIGHUP')
      child.kill('SIGTERM')
      assert.deepEqual(await child.ended, [7, null])
    })
  })
}

test('Ctrl-C in a terminal comes once: a second one would end the daemon at once', { skip: !hasScript() && 'script(1) is not installed' }, async () => {
  // Without exec a shell such as dash stays in front of the launcher, takes the signal as well and ends as 130.
  const command = `exec ${process.execPath} ${launcher} wait`
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh', POINTSMAN_LAUNCHER: 'spawn' } })
  let said = ''
  terminal.stdout.on('data', (data) => {
    if (!said.includes('ready') && `${said}${data}`.includes('ready')) terminal.stdin.write('\x03')
    said += data
  })
  const [code] = await once(terminal, 'exit')
  assert.equal(code, 7, said)
  assert.equal(said.split('SIGINT').length, 2, said)
})

test('where no program is installed, one line says what to do', () => {
  const empty = install({})
  const ended = spawnSync(process.execPath, [empty.launcher, 'serve'], { encoding: 'utf8' })
  rmSync(empty.app, { recursive: true, force: true })
  assert.equal(ended.status, 1)
  assert.match(ended.stderr, /^pointsman: the package @pointsman\/cli-\S+ is not installed.*--omit=optional.*\n$/)
})

test('each machine gets the program that runs on it', () => {
  const linux = (cpu, glibc) => candidates({ os: 'linux', cpu, glibc })
  assert.deepEqual(linux('x64', '2.36'), ['@pointsman/cli-linux-x64-gnu', '@pointsman/cli-linux-x64-musl'])
  assert.deepEqual(linux('arm64', '2.35'), ['@pointsman/cli-linux-arm64-gnu', '@pointsman/cli-linux-arm64-musl'])
  assert.deepEqual(linux('x64', '2.9'), ['@pointsman/cli-linux-x64-musl'], 'too old a glibc')
  assert.deepEqual(linux('x64', undefined), ['@pointsman/cli-linux-x64-musl'], 'musl')
  assert.deepEqual(candidates({ os: 'darwin', cpu: 'arm64' }), ['@pointsman/cli-darwin-arm64'])
  assert.match(findProgram({ os: 'win32', cpu: 'x64' }).problem, /^there is no build for win32 on x64/)
  const none = () => { throw new Error('not found') }
  assert.match(findProgram({ os: 'linux', cpu: 'x64', glibc: '2.31' }, none).problem, /glibc is 2\.31.*cli-linux-x64-musl/)
})

test('the one that is installed is taken where both would run', () => {
  const only = (name) => (path) => {
    if (path.startsWith(name)) return path
    throw new Error('not found')
  }
  const musl = '@pointsman/cli-linux-x64-musl'
  assert.equal(findProgram({ os: 'linux', cpu: 'x64', glibc: '2.36' }, only(musl)).program, `${musl}/bin/pointsman`)
  assert.equal(Object.keys(PACKAGES).length, 6)
})

async function started(options) {
  const child = spawn(process.execPath, [launcher, 'wait'], { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  let heard = () => {}
  child.stdout.on('data', (data) => {
    said += data
    heard()
  })
  const until = async (text) => {
    while (!said.includes(text)) await new Promise((resolve) => { heard = resolve })
  }
  const ended = once(child, 'exit')
  await until('\n')
  const output = ended.then(() => said.split('\n').slice(1).join('\n'))
  return { kill: (signal) => child.kill(signal), heard: until, ended, output }
}

function hasScript() {
  return process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
}
