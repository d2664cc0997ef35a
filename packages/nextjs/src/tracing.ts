// Where the package's spans go: with those of Next.js through the app's global provider (`shared`), or through a provider of
// the package's own next to it (`private`), which leaves the app's trace context alone. Looks at the API's global provider;
// making providers is in register.ts.

import { ProxyTracerProvider, trace, type Tracer, type TracerProvider } from '@opentelemetry/api'
import { SCOPE_NAME, SCOPE_VERSION } from './version.js'

export interface Tracing {
  tracer: Tracer
  /** Whether the spans of Next.js go the same way, and so hang below the package's. */
  shared: boolean
  /** Whether the resource of its spans holds the app's facts, so that spans need not repeat them. */
  factsOnResource: boolean
  /** Sends what waits; a provider that cannot do so sends at its own time. */
  flush(): unknown
}

/** What SDKs have beyond the API. */
interface SdkProvider {
  forceFlush?: () => unknown
  resource?: { attributes?: Record<string, unknown> }
  _resource?: { attributes?: Record<string, unknown> }
}

/** The provider that the app, or a vendor's agent in it, has registered. */
export function globalProvider(): TracerProvider | undefined {
  const provider = trace.getTracerProvider() as TracerProvider & Partial<Pick<ProxyTracerProvider, 'getDelegate' | 'getDelegateTracer'>>
  if (typeof provider.getDelegate !== 'function' || typeof provider.getDelegateTracer !== 'function') return provider
  return provider.getDelegateTracer(SCOPE_NAME, SCOPE_VERSION) === undefined ? undefined : provider.getDelegate()
}

/** Through whatever provider is registered when a span starts. */
export function sharedTracing(): Tracing {
  return {
    tracer: trace.getTracer(SCOPE_NAME, SCOPE_VERSION),
    shared: true,
    factsOnResource: false,
    flush: () => (globalProvider() as SdkProvider | undefined)?.forceFlush?.(),
  }
}

/** `service.name` of a provider's resource, if it shows one. */
function serviceNameOf(provider: TracerProvider): string | undefined {
  const sdk = provider as SdkProvider
  const name = (sdk.resource ?? sdk._resource)?.attributes?.['service.name']
  return typeof name === 'string' ? name : undefined
}

/** Sentry's provider makes spans for Sentry alone: no exporter of the app's ever sees them. */
export function isSentrys(provider: TracerProvider | undefined): boolean {
  return provider?.constructor.name === 'SentryTracerProvider'
}

/** What the log says when spans go through the app's own provider. */
export function sharedLine(provider: TracerProvider): string {
  const name = serviceNameOf(provider)
  const service = name === undefined ? '' : ` as service "${name}"`
  const unnamed = name?.startsWith('unknown_service') ? ' (set OTEL_SERVICE_NAME)' : ''
  return `requests are observed; the app's own OpenTelemetry SDK sends their spans${service}${unnamed}`
}
