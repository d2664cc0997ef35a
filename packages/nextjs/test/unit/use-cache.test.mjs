// Counting what `use cache` does, through handlers as Next.js keeps them, alone and with another wrapper around.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Current, startRunning } from '../../dist/current.js'
import { UseCache } from '../../dist/use-cache.js'

const MAP = Symbol.for('@next/cache-handlers-map')

function handler() {
  const kept = new Map()
  return {
    kept,
    async get(key) {
      if (key === 'broken') throw new Error('of the app')
      return this.kept.get(key)
    },
    async set(key, pending) {
      this.kept.set(key, await pending)
    },
  }
}

async function counted(wrap = (handler) => handler, late = false) {
  const one = handler()
  const map = new Map()
  globalThis[MAP] = map
  const put = () => {
    map.set('default', late ? one : wrap(one))
    map.set('remote', map.get('default'))
  }
  const current = new Current()
  const cache = new UseCache(current)
  put()
  for (let i = 0; i < 3; i += 1) cache.watch()
  if (late) map.set('default', wrap(map.get('default')))
  const used = [cache.used]
  const running = startRunning({})
  const use = map.get('default')
  await (async () => {
    current.enter(running)
    assert.equal(await use.get('a'), undefined)
    await use.set('a', Promise.resolve('A'))
    assert.equal(await use.get('a'), 'A')
    assert.equal(await use.get('a'), 'A')
    await assert.rejects(() => use.get('broken'), /of the app/)
  })()
  used.push(cache.used)
  current.leave()
  await use.get('a')
  delete globalThis[MAP]
  assert.deepEqual(used, [false, true])
  return [running.cacheHits, running.cacheMisses, running.cacheFills]
}

test('hits, misses and fills are those of the request', async () => {
  assert.deepEqual(await counted(), [2, 1, 1])
})

test('another wrapper, put there before us or after us, changes nothing', async () => {
  const wrap = (inner) => ({ get: (...args) => inner.get(...args), set: (...args) => inner.set(...args) })
  assert.deepEqual(await counted(wrap), [2, 1, 1])
  assert.deepEqual(await counted(wrap, true), [2, 1, 1])
  assert.deepEqual(await counted((inner) => new Proxy(inner, {})), [2, 1, 1])
})

test('what is no handler, or cannot be changed, is left alone', () => {
  const cache = new UseCache(new Current())
  for (const map of [undefined, null, 7, {}, new Map([['a', null], ['b', {}], ['c', Object.freeze(handler())]])]) {
    globalThis[MAP] = map
    assert.doesNotThrow(() => cache.watch())
  }
  delete globalThis[MAP]
})
