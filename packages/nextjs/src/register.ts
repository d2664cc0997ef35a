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
    const destination = destinationOf(options.endpoint, process.env)
    const own = new OwnProvider(peers, { ...resourceFacts(service), ...build.facts() }, destination, notices)
    observe(options, {
      build,
      notices,
      bringUp: () => {
        const provider = globalProvider()
        if (provider !== undefined && sendsTo(provider, destination.shown)) {
          // A second exporter would bring each request a second time: once as Next.js's span, once as ours.
          notices.started(sharedLine(provider))
          return sharedTracing()
        }
        const other = provider === undefined ? vendorAgent(process.env, process.execArgv) : "the app's own OpenTelemetry provider"
        const tracing = other === undefined ? own.global() : own.private()
        notices.started(startLine(destination, service, other))
        return tracing
      },
      meanwhile: () => (globalProvider() === undefined && vendorAgent(process.env, process.execArgv) === undefined ? own.private() : undefined),
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
    console.warn(`@pointsman/nextjs: no telemetry, a package is missing (${reason}); add to the app: ${PEERS.join(' ')}`)
    return undefined
  }
}

/** Before OTEL_RESOURCE_ATTRIBUTES has the last word. */
function resourceFacts({ name }: ServiceName): Record<string, string> {
  const environment = process.env.NODE_ENV
  return { 'service.name': name, ...(environment ? { 'node.env': environment } : {}) }
}

/** The package's own provider with its exporter, made when it is first asked for. */
class OwnProvider {
  #provider: InstanceType<Peers['sdk']['BasicTracerProvider']> | undefined

  constructor(
    private readonly peers: Peers,
    private readonly facts: Record<string, unknown>,
    private readonly to: Destination,
    private readonly notices: Notices,
  ) {}

  /** Nothing global is set and no header is changed: its spans are the package's own only. */
  private(): Tracing {
    const provider = this.#get()
    return { tracer: provider.getTracer(SCOPE_NAME, SCOPE_VERSION), shared: false, factsOnResource: true, flush: () => provider.forceFlush() }
  }

  /** It becomes the app's, so that the spans of Next.js come along. */
  global(): Tracing {
    const { hooks, core } = this.peers
    if (!trace.setGlobalTracerProvider(this.#get())) return this.private()
    context.setGlobalContextManager(new hooks.AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(
      new core.CompositePropagator({ propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()] }),
    )
    return { ...this.private(), shared: true }
  }

  #get() {
    this.#provider ??= this.#make()
    return this.#provider
  }

  #make() {
    const { sdk, resources, exporter } = this.peers
    const { url, headers, shown } = this.to
    const settings = { ...(url === undefined ? {} : { url }), ...(headers === undefined ? {} : { headers }) }
    const report = (failed: boolean, error: unknown): void => this.notices.exported(error, failed, shown, Date.now())
    return new sdk.BasicTracerProvider({
      resource: resources
        .defaultResource()
        .merge(resources.resourceFromAttributes(this.facts as Record<string, string>))
        .merge(resources.detectResources({ detectors: [resources.envDetector] })),
      spanProcessors: [new sdk.BatchSpanProcessor(new WatchedExporter(new exporter.OTLPTraceExporter(settings), report))],
    })
  }
}

function startLine({ shown }: Destination, { name, from }: ServiceName, other: string | undefined): string {
  const hint = from === 'guessed' ? ' (the name of its folder: set OTEL_SERVICE_NAME)' : ''
  const beside = other === undefined ? '' : `, next to ${other}, which is left as it is`
  return `traces go to ${shown} as service "${name}"${hint}${beside}`
}
