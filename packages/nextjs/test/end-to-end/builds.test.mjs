// Builds that differ from the usual ones: without names of actions in their manifest, and with `use cache`. Long: run by
// `make test-full`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { startApp } from '../support/app.mjs'
import { ask } from '../support/client.mjs'
import { buildLab } from '../support/lab.mjs'
import { startSink } from '../support/sink.mjs'

/** A running app of its own kind, and a way to ask it. */
function running(build, options) {
  const world = {}
  before(async () => {
    world.sink = await startSink()
    world.lab = build()
    world.app = await startApp(world.lab, world.sink, options)
    world.get = async (path, init) => ask(world.app, world.sink, path, init)
    world.attributes = async (path, init) => (await (await world.get(path, init)).own()).attributes
  })
  after(async () => {
    await world.app?.stop('SIGKILL')
    await world.sink?.close()
  })
  return world
}

describe('Next.js 15.4 with webpack, whose manifest names no action', () => {
  const world = running(() => buildLab({ major: 15, next: '15.4.9' }))

  test('names come from the code of the build', async () => {
    const { node } = JSON.parse(readFileSync(`${world.lab.dir}/.next/server/server-reference-manifest.json`, 'utf8'))
    assert.ok(Object.values(node).every(({ exportedName }) => exportedName === undefined))
    const [span] = await world.sink.until(({ name }) => name === 'pointsman.build')
    const named = span.attributes['pointsman.next.actions']
    for (const name of ['plain', 'revalidate', 'redirects', 'throws']) assert.ok(named.includes(`#${name}`), `${name} in ${named}`)
    const called = async (action) => world.attributes('/acts', { method: 'POST', headers: { 'next-action': action, 'content-type': 'text/plain;charset=UTF-8' }, body: '[]' })
    const names = await Promise.all(Object.keys(node).map(async (id) => (await called(id))['code.function.name']))
    // Actions that only forms of server components use have no reference in the client's code: their ids are all there is.
    assert.deepEqual(names.filter((name) => name !== undefined).sort(), ['plain', 'redirects', 'revalidate', 'stateful', 'throws'])
  })
})

describe('an app with `use cache`', () => {
  const world = running(() => buildLab({ major: 16, name: '16-cache', env: { LAB_USE_CACHE: '1' } }))
  const counts = async (of) => {
    const found = await world.attributes(`/api/cached?of=${of}`)
    return ['hits', 'misses', 'fills'].map((what) => found[`pointsman.use_cache.${what}`])
  }

  test('hits, misses and fills are counted, once the first request has shown that the cache is used', async () => {
    assert.deepEqual(await counts('first'), [undefined, undefined, undefined])
    assert.deepEqual(await counts('second'), [1, 1, 1])
    assert.deepEqual(await counts('second'), [2, 0, 0])
    const together = await Promise.all([counts('third'), counts('second'), counts('second')])
    assert.deepEqual(together, [[1, 1, 1], [2, 0, 0], [2, 0, 0]])
    assert.equal((await world.attributes('/api/hello'))['pointsman.use_cache.hits'], undefined)
  })

  test('the build says so', async () => {
    const [span] = await world.sink.until(({ name }) => name === 'pointsman.build')
    assert.ok(span.attributes['pointsman.next.flags'].includes('useCache'))
  })
})
