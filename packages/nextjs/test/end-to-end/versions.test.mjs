// The same checks on every supported Next.js, in every way of serving an app. Long: run by `make test-full`.
// POINTSMAN_LAB_NEXT=14,16 restricts the versions, POINTSMAN_LAB_WAYS=start-nodesdk,dev-vercel the ways.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startApp } from '../support/app.mjs'
import { buildLab } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'
import { checks, START_LINE } from './suite.mjs'

const majors = (process.env.POINTSMAN_LAB_NEXT ?? '14,15,16').split(',').map(Number)

const WAYS = [
  { way: 'start', otel: 'vercel' },
  { way: 'start', otel: 'nodesdk' },
  { way: 'start', otel: 'register' },
  { way: 'custom', otel: 'vercel' },
  { way: 'standalone', otel: 'vercel' },
  { way: 'standalone', otel: 'register' },
  { way: 'dev', otel: 'vercel' },
]

const chosen = process.env.POINTSMAN_LAB_WAYS?.split(',')

for (const major of majors) {
  for (const { way, otel } of WAYS.filter(({ way, otel }) => chosen?.includes(`${way}-${otel}`) ?? true)) {
    describe(`Next.js ${major}, ${way}, ${otel}`, async () => {
      const sink = await startSink()
      const world = { sink, major, otel, way, dev: way === 'dev' }
      // One after the other: `next dev` of 14 and 15 writes where a production build lies, so it has a place of its own.
      before(async () => {
        world.lab = buildLab({ major, nodesdk: true, standalone: way === 'standalone', dev: way === 'dev' })
        world.app = await startApp(world.lab, sink, { way, otel })
      })
      after(async () => {
        await world.app?.stop('SIGKILL')
        await sink.close()
      })
      test('the build has no warning about the package, for either runtime', () => {
        assert.doesNotMatch(world.lab.buildLog, /pointsman|not supported in the Edge Runtime/)
      })
      for (const [name, check] of checks(world)) test(name, check)
      test('the app says one thing of the package: where its spans go', () => {
        const said = world.app.log().split('\n').filter((line) => line.includes('@pointsman'))
        assert.match(said.join('\n'), START_LINE[otel])
      })
    })
  }
}
