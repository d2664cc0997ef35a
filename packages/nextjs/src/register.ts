// The entry for an app without OpenTelemetry, or next to one whose spans go elsewhere: brings up tracing and its export by
// OTLP over HTTP, then observes. The OpenTelemetry packages are optional peers, imported only here. The environment
// variables of OpenTelemetry hold.

import { context, propagation, trace } from '@opentelemetry/api'
import { vendorAgent } from './agents.js'
import { destinationOf, serviceNameFor, type Destination, type ServiceName } from './destination.js'
import { sendsTo } from './export-hosts.js'
import { fault } from './faults.js'
import { Notices } from './notices.js'
import { observe, openBuild, servesNothing } from './observe.js'
import type { ObserveOptions } from './options.js'
import { globalProvider, sharedLine, sharedTracing, type Tracing } from './tracing.js'
import { SCOPE_NAME, SCOPE_VERSION } from './version.js'
import { WatchedExporter } from './watched-exporter.js'

export type { ObserveOptions } from './options.js'

export interface RegisterOptions extends ObserveOptions {
  /** `service.name`. `OTEL_SERVICE_NAME` wins; the default is the name in the app's package.json, else that of its folder. */
  serviceName?: string
  /** Where Pointsman listens, `http://host:4318`. `POINTSMAN_OTLP_ENDPOINT` wins; without both OpenTelemetry's variables hold. */
  endpoint?: string
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
  if (servesNothing(process.env) || process.env['OTEL_SDK_DISABLED'] === 'true') return
  try {
    const peers = await loadPeers()
    if (!peers) return
    const build = openBuild(options)
    const service = serviceNameFor(options.serviceName, process.cwd(), process.env)
    const notices = new Notices()
    observe(options, {
      build,
      notices,
      bringUp: () => {
        const destination = destinationOf(options.endpoint, process.env)
        const provider = globalProvider()
        if (provider !== undefined && sendsTo(provider, destination.shown)) {
          // A second exporter would bring each request a second time: once as Next.js's span, once as ours.
          notices.started(sharedLine(provider))
          return sharedTracing()
        }
        const other = provider === undefined ? vendorAgent(process.env, process.execArgv) : "the app's own OpenTelemetry provider"
        const tracing = startTracing(peers, { ...resourceFacts(service), ...build.facts() }, destination, notices, other !== undefined)
        notices.started(startLine(destination, service, other))
        return tracing
      },
      whyNothing: () => `the sampler chose none of them (OTEL_TRACES_SAMPLER=${process.env['OTEL_TRACES_SAMPLER'] ?? ''})`,
    })
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

/** Before OTEL_RESOURCE_ATTRIBUTES has the last word. */
function resourceFacts({ name }: ServiceName): Record<string, string> {
  const environment = process.env.NODE_ENV
  return { 'service.name': name, ...(environment ? { 'node.env': environment } : {}) }
}

/**
 * Next to another provider or agent ours stays private: nothing global is set, no header is changed, and its spans are the
 * package's own only. Otherwise it becomes the app's, so that the spans of Next.js come along.
 */
function startTracing(
  { hooks, core, exporter, resources, sdk }: Peers,
  facts: Record<string, unknown>,
  to: Destination,
  notices: Notices,
  beside: boolean,
): Tracing {
  const settings = { ...(to.url === undefined ? {} : { url: to.url }), ...(to.headers === undefined ? {} : { headers: to.headers }) }
  const watched = new WatchedExporter(new exporter.OTLPTraceExporter(settings), (failed, error) => notices.exported(error, failed, to.shown, Date.now()))
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes(facts as Record<string, string>))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(watched)],
  })
  const shared = !beside && trace.setGlobalTracerProvider(provider)
  if (shared) {
    context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(
      new core.CompositePropagator({ propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()] }),
    )
  }
  return { tracer: provider.getTracer(SCOPE_NAME, SCOPE_VERSION), shared, factsOnResource: true, flush: () => provider.forceFlush() }
}

function startLine({ shown }: Destination, { name, from }: ServiceName, other: string | undefined): string {
  const hint = from === 'guessed' ? ' (the name of its folder: set OTEL_SERVICE_NAME)' : ''
  const beside = other === undefined ? '' : `, next to ${other}, which is left as it is`
  return `traces go to ${shown} as service "${name}"${hint}${beside}`
}
