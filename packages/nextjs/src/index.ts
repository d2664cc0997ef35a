// The entry for an app that already runs OpenTelemetry (@vercel/otel, NodeSDK, any SDK behind @opentelemetry/api).

import { observe } from './observe.js'
import type { ObserveOptions } from './options.js'

export type { ObserveOptions } from './options.js'

/**
 * Gives every request of this process one SERVER span that says who called what, and how. Call it in `register()` of
 * `instrumentation.ts`, after the SDK has started. It returns at once, never throws, and does nothing the second time
 * or in the edge runtime.
 */
export function observeNext(options: ObserveOptions = {}): void {
  observe(options, false)
}
