// Runs a built lab app as a real server process, in one of the ways a Next.js app can be served.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const NEXT = join('node_modules', 'next', 'dist', 'bin', 'next')

const WAYS = {
  start: ({ dir }, port) => [dir, [NEXT, 'start', '-p', String(port)]],
  dev: ({ dir }, port) => [dir, [NEXT, 'dev', '-p', String(port)]],
  custom: ({ dir }) => [dir, ['server.mjs']],
  standalone: ({ dir }) => [join(dir, '.next', 'standalone'), ['server.js']],
}

export async function startApp(lab, sink, { way = 'start', otel = 'vercel', options = {}, env = {} } = {}) {
  const port = await freePort()
  const [cwd, args] = WAYS[way](lab, port)
  const child = spawn(process.execPath, args, {
    cwd,
    env: {
      ...lab.env,
      PORT: String(port),
      HOSTNAME: '127.0.0.1',
      NODE_ENV: way === 'dev' ? 'development' : 'production',
      LAB_OTEL: otel,
      LAB_OPTIONS: JSON.stringify(options),
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // `next dev` serves from a child of its own, which would outlive a killed parent: the two end as one group.
    detached: way === 'dev',
  })
  const kill = (signal) => (way === 'dev' ? killGroup(child.pid, signal) : child.kill(signal))
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data))
  const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
  const url = `http://127.0.0.1:${port}`
  await ready(url, child, () => log).catch((error) => {
    kill('SIGKILL')
    throw error
  })
  return {
    url,
    port,
    pid: child.pid,
    log: () => log,
    async stop(signal = 'SIGTERM') {
      kill(signal)
      const killer = setTimeout(() => kill('SIGKILL'), 10_000)
      const how = await exited
      clearTimeout(killer)
      return how
    },
  }
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch {
    // it has gone already
  }
}

async function ready(url, child, log) {
  for (const end = Date.now() + 180_000; ; await sleep(100)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the app did not start:\n${log()}`)
    if (!/Ready/.test(log())) continue
    // An asset path: it shows that requests are answered and makes no span.
    const response = await fetch(`${url}/_next/static/ready`).catch(() => undefined)
    if (response) return
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
