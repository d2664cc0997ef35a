// The same checks on every supported Next.js, in every way of serving an app. Long: run by `make test-full`.
// POINTSMAN_LAB_NEXT=14,16 restricts the versions.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startApp } from '../support/app.mjs'
import { buildLab } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'
import { checks } from './suite.mjs'

const majors = (process.env.POINTSMAN_LAB_NEXT ?? '14,15,16').split(',').map(Number)

const WAYS = [
  { way: 'start', otel: 'vercel' },
  { way: 'start', otel: 'nodesdk' },
  { way: 'start', otel: 'register' },
  { way: 'custom', otel: 'vercel' },
  { way: 'standalone', otel: 'vercel', standalone: true },
  { way: 'standalone', otel: 'register', standalone: true },
  { way: 'dev', otel: 'vercel' },
]

for (const major of majors) {
  const labs = { false: buildLab({ major, nodesdk: true }), true: buildLab({ major, nodesdk: true, standalone: true }) }

  test(`Next.js ${major}: the build has no warning about the package, for either runtime`, () => {
    for (const lab of Object.values(labs)) assert.doesNotMatch(lab.buildLog, /pointsman|not supported in the Edge Runtime/)
  })

  for (const { way, otel, standalone = false } of WAYS) {
    describe(`Next.js ${major}, ${way}, ${otel}`, async () => {
      const sink = await startSink()
      const lab = labs[standalone]
      const world = { lab, sink, major, dev: way === 'dev', app: await startApp(lab, sink, { way, otel }) }
      for (const [name, check] of checks(world)) test(name, check)
      test('the app says nothing of the package', () => assert.doesNotMatch(world.app.log(), /pointsman/))
      after(async () => {
        await world.app.stop('SIGKILL')
        await sink.close()
      })
    })
  }
}
