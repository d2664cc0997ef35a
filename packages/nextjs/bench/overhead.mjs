// What the package costs: a trivial route handler and one of about 80 KB, without OpenTelemetry, with @vercel/otel alone,
// and with the package on top, in alternation over several rounds against a sink that reads and forgets.
// Prints medians and, because machines drift, the median of the ratios taken within each round.
//
//   node bench/overhead.mjs [--rounds 7] [--requests 1500] [--json]

import { readFileSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../test/support/app.mjs'
import { buildLab } from '../test/support/lab.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    requests: { type: 'string', default: '1500' },
    json: { type: 'boolean', default: false },
  },
})
const ROUNDS = Number(values.rounds)
const REQUESTS = Number(values.requests)
const VARIANTS = { none: 'without OpenTelemetry', plain: '@vercel/otel', vercel: '@vercel/otel + package' }
const PATHS = { '/api/hello': 'trivial handler', '/api/big': '80 KB handler' }
const TICKS_PER_SECOND = 100

const sink = createServer((request, response) => request.resume().on('end', () => response.end()))
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve))
const lab = buildLab()

const apps = {}
for (const otel of Object.keys(VARIANTS)) {
  apps[otel] = await startApp(lab, { url: `http://127.0.0.1:${sink.address().port}` }, { otel, env: { OTEL_BSP_SCHEDULE_DELAY: '1000' } })
}
const runs = []
try {
  for (const otel of Object.keys(VARIANTS)) for (const path of Object.keys(PATHS)) await load(apps[otel], path, REQUESTS)
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const path of Object.keys(PATHS)) {
      for (const otel of rotated(Object.keys(VARIANTS), round)) runs.push({ round, path, otel, ...(await measure(apps[otel], path)) })
    }
  }
} finally {
  for (const app of Object.values(apps)) await app.stop()
  sink.close()
}
if (values.json) console.log(JSON.stringify(runs))
else for (const path of Object.keys(PATHS)) report(path)

/** Sequential requests on one connection; then the rest of the export is waited for, since it belongs to the cost. */
async function measure(app, path) {
  const cpu = cpuSeconds(app.pid)
  const start = performance.now()
  const times = await load(app, path, REQUESTS)
  const seconds = (performance.now() - start) / 1000
  await sleep(1500)
  return {
    cpu: ((cpuSeconds(app.pid) - cpu) * 1000) / REQUESTS,
    p50: median(times),
    rate: REQUESTS / seconds,
  }
}

async function load(app, path, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times = []
  for (let i = 0; i < count; i += 1) {
    const start = performance.now()
    await new Promise((resolve, reject) => {
      get(app.url + path, { agent, headers: { 'user-agent': 'Mozilla/5.0 (bench)', 'sec-fetch-site': 'same-origin', cookie: 'sid=bench' } }, (response) => {
        response.resume().on('end', resolve)
      }).on('error', reject)
    })
    times.push(performance.now() - start)
  }
  agent.destroy()
  return times
}

/** User and system time of the server process, from the kernel. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function report(path) {
  const of = (otel, key) => runs.filter((run) => run.path === path && run.otel === otel).map((run) => run[key])
  const ratio = (otel, base, key) => median(of(otel, key).map((value, round) => value / of(base, key)[round]))
  console.log(`\n${PATHS[path]} (${path}), ${ROUNDS} rounds of ${REQUESTS} requests`)
  console.log('variant                    CPU ms/req   p50 ms    req/s   CPU: to none  to plain   p50 to plain   req/s to plain')
  for (const [otel, title] of Object.entries(VARIANTS)) {
    const cells = [median(of(otel, 'cpu')), median(of(otel, 'p50')), median(of(otel, 'rate'))]
    const ratios = [ratio(otel, 'none', 'cpu'), ratio(otel, 'plain', 'cpu'), ratio(otel, 'plain', 'p50'), ratio(otel, 'plain', 'rate')]
    const widths = [12, 9, 9, 15, 10, 15, 17]
    const numbers = [...cells.map((n, i) => n.toFixed(i === 2 ? 0 : 3)), ...ratios.map((n) => n.toFixed(3))]
    console.log(title.padEnd(24) + numbers.map((text, i) => text.padStart(widths[i])).join(''))
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function rotated(list, by) {
  const cut = by % list.length
  return [...list.slice(cut), ...list.slice(0, cut)]
}
