// What the package costs an app in CPU for each request, told apart to 1 % on a machine that is not quiet: short blocks of
// requests to apps that run side by side, in random order, compared within a second of each other, over several starts.
// How it measures and what it prints: docs/benchmarks.md, `bench-package`.
//
//   node bench/overhead.mjs [--cases handler,large,action] [--variants none,plain,vercel] [--base plain]
//                           [--against DIR] [--precision 0.01] [--minutes 15] [--seconds 20]

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../test/support/app.mjs'
import { buildLab } from '../test/support/lab.mjs'
import { cpuMs } from './cpu.mjs'
import { CASES, opener, startReceiver } from './load.mjs'
import { median, medianWithInterval, shuffled } from './statistics.mjs'

const VARIANTS = {
  none: { title: 'no OpenTelemetry', otel: 'none' },
  plain: { title: '@vercel/otel', otel: 'plain' },
  again: { title: '@vercel/otel, a second time', otel: 'plain' },
  vercel: { title: '@vercel/otel + package', otel: 'vercel' },
  before: { title: '@vercel/otel + package of --against', otel: 'vercel' },
  register: { title: 'package/register alone', otel: 'register' },
}
const BLOCK_REQUESTS = 50
/** Blocks of one variant that make one figure: long enough for several exports and collections of garbage. */
const ROUNDS_PER_FIGURE = 10
const WARM_UP_REQUESTS = 1500
/** Fewer starts say nothing about how starts differ. */
const MIN_STARTS = 6
/** The package's spans settle, then the last batch goes. */
const DRAIN_MS = 1000

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'handler,large,action' },
    variants: { type: 'string', default: 'none,plain,vercel' },
    base: { type: 'string', default: 'plain' },
    against: { type: 'string' },
    precision: { type: 'string', default: '0.01' },
    minutes: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '20' },
  },
})
const variants = values.variants.split(',').concat(values.against ? ['before'] : [])
const precision = Number(values.precision)
const deadline = performance.now() + Number(values.minutes) * 60_000
const lab = buildLab()
const labs = { before: values.against && (await labOf(values.against)) }
const receiver = await startReceiver()
/** For each case and variant the figures (CPU ms a request) of each start. */
const figures = Object.fromEntries(values.cases.split(',').map((which) => [which, Object.fromEntries(variants.map((variant) => [variant, []]))]))

for (let start = 1; performance.now() < deadline && Object.keys(figures).some((which) => !settled(which)); start += 1) {
  const apps = await startAll(start === 1)
  try {
    for (const which of Object.keys(figures)) if (!settled(which)) await measure(which, apps)
  } finally {
    for (const app of Object.values(apps)) await app.stop()
  }
  print(start)
}
receiver.close()

/** The package of another checkout, in a lab of its own. */
async function labOf(dir) {
  const own = process.env.POINTSMAN_LAB_DIR
  process.env.POINTSMAN_LAB_DIR = `${lab.dir}-against`
  const { buildLab: buildOther } = await import(resolve(dir, 'test', 'support', 'lab.mjs'))
  if (own === undefined) delete process.env.POINTSMAN_LAB_DIR
  else process.env.POINTSMAN_LAB_DIR = own
  return buildOther()
}

/** All variants as processes of their own, warm in all cases; the first time it also says what they export. */
async function startAll(first) {
  const apps = {}
  for (const variant of shuffled(variants)) {
    const built = labs[variant] ?? lab
    const app = await startApp(built, { url: `${receiver.url}/${variant}` }, { otel: VARIANTS[variant].otel, env: { OTEL_BSP_SCHEDULE_DELAY: '500' } })
    apps[variant] = { ...app, ...opener(app, built) }
  }
  for (const which of Object.keys(figures)) {
    for (const app of Object.values(apps)) await app.send(which, WARM_UP_REQUESTS)
    if (first) await printExports(which, apps)
  }
  return apps
}

async function printExports(which, apps) {
  await sleep(DRAIN_MS)
  for (const [variant, app] of Object.entries(apps)) {
    receiver.kept = []
    receiver.keep = true
    await app.send(which, BLOCK_REQUESTS)
    await sleep(DRAIN_MS)
    receiver.keep = false
    const bytes = receiver.kept.reduce((sum, { body }) => sum + body.length, 0)
    console.log(`${which} ${variant}: ${receiver.spansOf(variant).length / BLOCK_REQUESTS} spans and ${Math.round(bytes / BLOCK_REQUESTS)} bytes exported a request`)
  }
}

/** What runs after a block (the export, garbage) is counted with the next one of the same process. */
async function measure(which, apps) {
  const own = Object.fromEntries(variants.map((variant) => [variant, []]))
  const end = performance.now() + Number(values.seconds) * 1000
  const cpu = (variant) => cpuMs(apps[variant].pid)
  let marks = Object.fromEntries(variants.map((variant) => [variant, cpu(variant)]))
  while (performance.now() < end) {
    for (let round = 0; round < ROUNDS_PER_FIGURE; round += 1) {
      for (const variant of shuffled(variants)) await apps[variant].send(which, BLOCK_REQUESTS)
    }
    const now = Object.fromEntries(variants.map((variant) => [variant, cpu(variant)]))
    for (const variant of variants) own[variant].push((now[variant] - marks[variant]) / (BLOCK_REQUESTS * ROUNDS_PER_FIGURE))
    marks = now
  }
  for (const variant of variants) figures[which][variant].push(own[variant])
}

function ratios(which, variant, base) {
  const { [variant]: over, [base]: under } = figures[which]
  return over.map((start, i) => start.map((figure, j) => figure / under[i][j]))
}

/** What the bench is for is known closely enough: each variant to the base, but for the one without telemetry. */
function settled(which) {
  const asked = variants.filter((variant) => variant !== values.base && variant !== 'none')
  if (figures[which][values.base].length < MIN_STARTS) return false
  return asked.every((variant) => {
    const { low, high } = medianWithInterval(ratios(which, variant, values.base))
    return high - low < 2 * precision
  })
}

function print(start) {
  console.log(`\nafter ${start} starts`)
  for (const [which, found] of Object.entries(figures)) {
    console.log(`${CASES[which].title}: ${found[values.base].flat().length} ratios of ${BLOCK_REQUESTS * ROUNDS_PER_FIGURE} requests each${settled(which) ? ', settled' : ''}`)
    for (const variant of variants) {
      const { median: ratio, low, high } = medianWithInterval(ratios(which, variant, values.base))
      const cells = [median(found[variant].flat()).toFixed(3), ratio.toFixed(3), `${low.toFixed(3)} to ${high.toFixed(3)}`]
      console.log(`  ${VARIANTS[variant].title.padEnd(36)} ${cells[0]} ms CPU a request, ${cells[1]} of ${values.base} (95 %: ${cells[2]})`)
    }
    if (values.against) {
      const { median: ratio, low, high } = medianWithInterval(ratios(which, 'vercel', 'before'))
      console.log(`  now to before: ${ratio.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`)
    }
  }
}
