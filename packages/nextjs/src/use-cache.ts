// Counts what `use cache` does in a request: hits, misses and fills. Next.js keeps its cache handlers in a map under a global
// symbol; their methods `get` and `set` are wrapped in place, so that it does not matter who else wraps them, before or
// later. A handler that cannot be wrapped is left alone, and what it returns or throws passes unchanged.

import type { Current } from './current.js'
import { fault } from './faults.js'

const HANDLERS = Symbol.for('@next/cache-handlers-map')
const WRAPPED = Symbol.for('@pointsman/nextjs.cache-handler')
/** `default`, `remote`, and the kinds that an app defines. */
const MAX_HANDLERS = 32

type Method = (this: unknown, ...args: unknown[]) => unknown

interface Handler {
  get?: Method
  set?: Method
  [WRAPPED]?: true
}

export class UseCache {
  /** Whether the app has asked a handler for anything yet: most apps never do. */
  used = false
  #map: unknown
  #size = 0

  constructor(private readonly current: Current) {}

  /** Wraps handlers that are new. Cheap enough for each request. */
  watch(): void {
    const map = (globalThis as { [HANDLERS]?: unknown })[HANDLERS]
    if (map === undefined || (map === this.#map && (map as Map<unknown, unknown>).size === this.#size) || !(map instanceof Map)) return
    this.#map = map
    this.#size = map.size
    let left = MAX_HANDLERS
    for (const handler of map.values() as Iterable<unknown>) {
      if (left-- === 0) break
      if (typeof handler === 'object' && handler !== null) this.#wrap(handler as Handler)
    }
  }

  #wrap(handler: Handler): void {
    try {
      if (handler[WRAPPED] || typeof handler.get !== 'function' || typeof handler.set !== 'function') return
      const { get, set } = handler
      const cache = this
      const method = (value: Method): PropertyDescriptor => ({ value, configurable: true, enumerable: true, writable: true })
      Object.defineProperties(handler, {
        [WRAPPED]: { value: true },
        get: method(function (...args) {
          const answer = get.apply(this, args)
          cache.#noteGet(answer)
          return answer
        }),
        set: method(function (...args) {
          cache.#noteSet()
          return set.apply(this, args)
        }),
      })
    } catch (error) {
      fault('watching `use cache`', error)
    }
  }

  #noteGet(answer: unknown): void {
    this.used = true
    const running = this.current.get()
    if (!running || typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return
    const count = (entry: unknown): void => {
      if (entry === undefined || entry === null) running.cacheMisses += 1
      else running.cacheHits += 1
    }
    // A branch of its own: a rejection is the app's, and it still gets it.
    ;(answer as PromiseLike<unknown>).then(count, () => undefined)
  }

  #noteSet(): void {
    this.used = true
    const running = this.current.get()
    if (running) running.cacheFills += 1
  }
}
