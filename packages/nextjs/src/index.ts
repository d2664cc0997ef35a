// The entry for an app that already runs OpenTelemetry (@vercel/otel, NodeSDK, any SDK behind @opentelemetry/api).

import type { TracerProvider } from '@opentelemetry/api'
import { observe } from './observe.js'
import type { ObserveOptions } from './options.js'
import { globalProvider, isSentrys, sharedLine, sharedTracing } from './tracing.js'

export type { ObserveOptions } from './options.js'

/**
 * Gives every request of this process one SERVER span that says who called what, and how. Call it in `register()` of
 * `instrumentation.ts`, after the SDK has started. It returns at once, never throws, and does nothing the second time
 * or in the edge runtime.
 */
export function observeNext(options: ObserveOptions = {}): void {
  observe(options, {
    bringUp: (notices) => {
      notices.started(startLine(globalProvider()))
      return sharedTracing()
    },
    whyNothing: () => missing(globalProvider()) ?? `the sampler of the app's OpenTelemetry SDK chose none of them (OTEL_TRACES_SAMPLER)`,
  })
}

function startLine(provider: TracerProvider | undefined): string {
  const lacking = missing(provider)
  return lacking === undefined ? sharedLine(provider as TracerProvider) : `nothing is sent: ${lacking}`
}

/** Why spans of this provider cannot arrive. */
function missing(provider: TracerProvider | undefined): string | undefined {
  if (provider === undefined) return 'no OpenTelemetry SDK is registered. Start one before observeNext(), or use @pointsman/nextjs/register, which brings its own'
  return isSentrys(provider) ? "the app's OpenTelemetry provider is Sentry's, which keeps spans to itself. Use @pointsman/nextjs/register next to it" : undefined
}
