// The entry for an app without OpenTelemetry: brings up tracing and its export by OTLP over HTTP, then observes.
// The OpenTelemetry packages are optional peers, imported only here. The environment variables of OpenTelemetry hold.

import { context, propagation, trace } from '@opentelemetry/api'
import { fault } from './faults.js'
import { factsOf, observe, openBuild } from './observe.js'
import type { ObserveOptions } from './options.js'
import { resourceFacts } from './resource-facts.js'

export type { ObserveOptions } from './options.js'

export interface RegisterOptions extends ObserveOptions {
  /** `service.name`. `OTEL_SERVICE_NAME` wins; the default is the name in the app's package.json. */
  serviceName?: string
}

const PEERS = [
  '@opentelemetry/api@1.9',
  '@opentelemetry/context-async-hooks@2',
  '@opentelemetry/core@2',
  '@opentelemetry/exporter-trace-otlp-proto@0.223',
  '@opentelemetry/resources@2',
  '@opentelemetry/sdk-trace-base@2',
]

/** Resolves when tracing is up; never rejects, and does nothing in the edge runtime. */
export async function register(options: RegisterOptions = {}): Promise<void> {
  if (process.env['NEXT_RUNTIME'] === 'edge' || process.env['OTEL_SDK_DISABLED'] === 'true') return
  try {
    const peers = await loadPeers()
    if (!peers) return
    const build = openBuild(options)
    startTracing(peers, { ...resourceFacts(options.serviceName, process.cwd(), process.env), ...factsOf(build) })
    observe(options, true, build)
  } catch (error) {
    fault('register', error)
  }
}

type Peers = NonNullable<Awaited<ReturnType<typeof loadPeers>>>

async function loadPeers() {
  try {
    const [hooks, core, exporter, resources, sdk] = await Promise.all([
      import('@opentelemetry/context-async-hooks'),
      import('@opentelemetry/core'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-trace-base'),
    ])
    return { hooks, core, exporter, resources, sdk }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
    console.warn(`@pointsman/nextjs: no telemetry, a package is missing (${reason}); run: npm install ${PEERS.join(' ')}`)
    return undefined
  }
}

function startTracing({ hooks, core, exporter, resources, sdk }: Peers, facts: Record<string, unknown>): void {
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes(facts as Record<string, string>))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  })
  // With a provider in place already the API keeps that one and says so on its logger.
  if (!trace.setGlobalTracerProvider(provider)) return
  context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new core.CompositePropagator({ propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()] }),
  )
}
