// The five minutes of a new user, on a fresh Debian that has Node.js and npm and nothing else: `make test-five-minutes`. Here the
// machine is made: Debian's packages in a folder, a user, and no network but the registry of ../registry.mjs, which has our packages as
// if they were published and asks npm's for all others. What the user does is in session.mjs.
// Wants root and Debian's mmdebstrap and iproute2. POINTSMAN_BIN names the program, SUITE another Debian than trixie, the first one with
// a Node.js that Next.js 16 runs on.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRegistry } from '../registry.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const repository = join(here, '../../../..')
const program = process.env.POINTSMAN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(repository, 'target'), 'release', 'pointsman')
const suite = process.env.SUITE ?? 'trixie'
const USER = 1000
const REGISTRY = 'http://127.0.0.1:4873/'

/** Debian's base with Node.js and npm, and a user who may do nothing special. */
function machine(root) {
  execFileSync('mmdebstrap', ['--quiet', '--variant=minbase', '--include=nodejs,npm', suite, root], { stdio: 'inherit' })
  execFileSync('chroot', [root, 'useradd', '--create-home', '--shell', '/bin/sh', '--uid', String(USER), 'dev'])
  const home = join(root, 'home', 'dev')
  writeFileSync(join(home, '.npmrc'), `registry=${REGISTRY}\nupdate-notifier=false\n`)
  cpSync(join(here, 'session.mjs'), join(root, 'session.mjs'))
}

/** Runs the session there: its own processes, its own loopback, nothing else that can be reached. */
async function session(root) {
  const enter = `set -e
    ip link set lo up
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot --userspec=${USER}:${USER} "$1" /usr/bin/env -i HOME=/home/dev USER=dev PATH=/usr/bin:/bin LANG=C.UTF-8 \\
      NEXT_TELEMETRY_DISABLED=1 node /session.mjs /run/registry/socket ${new URL(REGISTRY).port}`
  const child = spawn('unshare', ['--net', '--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', enter, 'enter', root], { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  return code
}

function assertTools() {
  if (process.getuid() !== 0) throw new Error('only root may make a machine; run it as root')
  for (const tool of ['mmdebstrap', 'unshare', 'ip', 'chroot']) {
    const isThere = process.env.PATH.split(':').some((folder) => existsSync(join(folder, tool)))
    if (!isThere) throw new Error(`${tool} is not installed: apt-get install mmdebstrap iproute2`)
  }
  if (!existsSync(program)) throw new Error(`there is no ${program}; make release builds it`)
}

assertTools()
const work = mkdtempSync('/var/tmp/pointsman-five-minutes-')
let registry
try {
  const root = join(work, 'machine')
  console.log(`== a fresh Debian (${suite}) with Node.js and npm`)
  machine(root)
  const [packed, socket] = [join(work, 'packed'), join(root, 'run', 'registry', 'socket')]
  for (const folder of [packed, dirname(socket)]) mkdirSync(folder)
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`
  registry = await startRegistry({ [triple]: program }, packed, {
    also: [join(repository, 'packages', 'nextjs')],
    upstream: upstream.endsWith('/') ? upstream : `${upstream}/`,
    socket,
    url: REGISTRY,
  })
  chmodSync(socket, 0o666)
  console.log(`the program has ${(statSync(program).size / 1e6).toFixed(1)} MB; the load of this machine is ${loadavg()[0].toFixed(1)}`)
  process.exitCode = await session(root)
} finally {
  await registry?.close()
  rmSync(work, { recursive: true, force: true })
}
