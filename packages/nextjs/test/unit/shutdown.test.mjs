// The exit of a process after a signal, in processes of their own: the app's exit is immediate, that of Next.js's server waits.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const SHUTDOWN = new URL('../../dist/shutdown.js', import.meta.url)

/** Runs a script that has told us it is ready, sends it the signal; what it printed and how it ended. */
async function signalled(file, onSignal, signal = 'SIGTERM') {
  const dir = mkdtempSync(join(tmpdir(), 'pointsman-exit-'))
  const path = join(dir, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `
    const flush = () => new Promise((resolve) => setTimeout(() => { console.log('sent'); resolve() }, 150))
    import('${SHUTDOWN}').then(({ flushAtShutdown }) => {
      ${onSignal}
      flushAtShutdown({ flush() {}, hasten() {} }, flush)
      setTimeout(() => {}, 5000)
      console.log('ready')
    })`)
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
    if (String(data).includes('ready')) child.kill(signal)
  })
  const how = await new Promise((resolve) => child.on('close', (code, by) => resolve(code ?? by)))
  rmSync(dir, { recursive: true })
  return [out.split('\n').filter((line) => line !== 'ready' && line !== '').join(' '), how]
}

const EXIT = `process.on('SIGTERM', () => { process.exit(7); console.log('went on') })`

test("an exit that the app calls ends the process at once: nothing behind it runs", async () => {
  assert.deepEqual(await signalled('server.cjs', EXIT), ['', 7])
})

test("the exit of Next.js's server waits for what is being sent", async () => {
  const [out, code] = await signalled('node_modules/next/dist/server/lib/start-server.cjs', EXIT)
  assert.deepEqual([out.includes('sent'), code], [true, 7])
})

test('without any other listener the process ends by the signal, after sending', async () => {
  assert.deepEqual(await signalled('server.cjs', ''), ['sent', 'SIGTERM'])
})
