// The entry for an app that already runs OpenTelemetry (@vercel/otel, NodeSDK, any SDK behind @opentelemetry/api).

import { observe } from './observe.js'
import type { ObserveOptions } from './options.js'
import { globalProvider, serviceNameOf, sharedTracing } from './tracing.js'

export type { ObserveOptions } from './options.js'

/**
 * Gives every request of this process one SERVER span that says who called what, and how. Call it in `register()` of
 * `instrumentation.ts`, after the SDK has started. It returns at once, never throws, and does nothing the second time
 * or in the edge runtime.
 */
export function observeNext(options: ObserveOptions = {}): void {
  observe(options, {
    factsOnResource: false,
    bringUp: (notices) => {
      const provider = globalProvider()
      const name = serviceNameOf(provider)
      const service = name === undefined ? '' : ` as service "${name}"`
      notices.started(
        provider === undefined
          ? `nothing is sent: no OpenTelemetry SDK is registered. ${REMEDY}`
          : `requests are observed; the app's own OpenTelemetry SDK sends their spans${service}${unnamed(name)}`,
      )
      return sharedTracing()
    },
    whyNothing: () =>
      globalProvider() === undefined
        ? `no OpenTelemetry SDK is registered. ${REMEDY}`
        : `the sampler of the app's OpenTelemetry SDK chose none of them (OTEL_TRACES_SAMPLER)`,
  })
}

const REMEDY = 'Start one before observeNext(), or use @pointsman/nextjs/register, which brings its own'

function unnamed(name: string | undefined): string {
  return name?.startsWith('unknown_service') ? ' (set OTEL_SERVICE_NAME)' : ''
}
