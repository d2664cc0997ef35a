// The launcher as it lies in an app's node_modules, with programs that stand in for the real one.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cli = dirname(dirname(fileURLToPath(import.meta.url)))

/** Says what it was given, ends with the code that it is told, and ends a little after a signal, differently if a second one comes. */
export const FAKE = `#!${process.execPath}
const [command, ...rest] = process.argv.slice(2)
if (command === 'echo') {
  process.stdout.write(JSON.stringify({ rest, own: process.env.POINTSMAN_LAUNCHER ?? null }))
  process.stderr.write('to stderr')
  process.stdin.pipe(process.stdout)
  process.stdin.on('end', () => process.exit(Number(rest[0])))
} else if (command === 'die') {
  process.kill(process.pid, rest[0])
} else {
  let signals = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => {
      process.stdout.write(signal + '\\n')
      if (signal === 'SIGHUP') return
      signals += 1
      // Long enough for a signal that comes twice.
      if (signals === 1) setTimeout(() => process.exit(signals === 1 ? 7 : 8), 300)
    })
  }
  setInterval(() => {}, 1000)
  process.stdout.write('ready ' + process.pid + '\\n')
}
`

/** Installs the launcher and, for each of these packages, a program; the launcher's path. */
export function install(packages) {
  const app = mkdtempSync(join(tmpdir(), 'pointsman-launcher-'))
  const target = join(app, 'node_modules', 'pointsman')
  for (const part of ['bin', 'lib', 'package.json']) cpSync(join(cli, part), join(target, part), { recursive: true })
  for (const [name, program] of Object.entries(packages)) {
    const bin = join(app, 'node_modules', name, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, '..', 'package.json'), JSON.stringify({ name, version: '0.1.0' }))
    writeFileSync(join(bin, 'pointsman'), program)
    chmodSync(join(bin, 'pointsman'), 0o755)
  }
  return { app, launcher: join(target, 'bin', 'pointsman.js') }
}
