// Which exchange the code that runs now belongs to, whatever OpenTelemetry SDK the app has, or none. Node.js keeps it apart
// for each request, also on one connection. It costs a little for each promise, so it is switched on only when something
// asks for it.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { SpanContext } from '@opentelemetry/api'

/** What is counted in a request while its code runs. */
export interface Running {
  readonly spanContext: SpanContext
  cacheHits: number
  cacheMisses: number
  cacheFills: number
  /** Requests to others with a span of their own. */
  fetches: number
}

export function startRunning(spanContext: SpanContext): Running {
  return { spanContext, cacheHits: 0, cacheMisses: 0, cacheFills: 0, fetches: 0 }
}

export class Current {
  readonly #storage = new AsyncLocalStorage<Running | undefined>()
  #entered = false

  /** From here on the code of this request, and what it starts, is that of the exchange. */
  enter(running: Running): void {
    this.#entered = true
    this.#storage.enterWith(running)
  }

  /** A request that is not observed must not pass for the one before it on its connection. */
  leave(): void {
    if (this.#entered) this.#storage.enterWith(undefined)
  }

  get(): Running | undefined {
    return this.#storage.getStore()
  }
}
