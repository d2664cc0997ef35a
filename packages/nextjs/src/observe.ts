// Turns observation on, once per process: settings, secret and build are read here, then Node.js's own channel of
// requests is subscribed to. `register` comes through here too, with the app's facts already on its resource.

import { channel } from 'node:diagnostics_channel'
import { Beginnings, TrustedPeers } from './beginning.js'
import { Build } from './build.js'
import { BuildReport } from './build-report.js'
import { ClientKeys } from './client-key.js'
import { Current } from './current.js'
import { fault } from './faults.js'
import { RememberedHashes } from './keyed-hash.js'
import { Notices, type Tally } from './notices.js'
import { Observer, type ObserverParts } from './observer.js'
import { settle, type ObserveOptions, type Settings } from './options.js'
import { Outgoing } from './outgoing.js'
import { OwnCalls } from './own-call.js'
import { chooseSecret, type ScopedSecret } from './secret.js'
import { SelfFetch } from './self-fetch.js'
import { flushAtShutdown } from './shutdown.js'
import { Spans } from './spans.js'
import { sharedTracing, type Tracing } from './tracing.js'
import { UseCache } from './use-cache.js'

const STARTED = Symbol.for('@pointsman/nextjs')
/** By now every SDK of the app has started, and the way of the spans is decided. */
const DECIDE_MS = 1000

/** What differs between the two entries. */
export interface Way {
  /** The final way: asked once, at the first request or a little after the start. */
  bringUp: (notices: Notices) => Tracing
  /**
   * While an SDK of the app may still start: a way that sets nothing global, for requests that do not wait. Nothing when
   * there is no reason to wait.
   */
  meanwhile?: () => Tracing | undefined
  /** Why none of the requests may have been recorded. */
  whyNothing: () => string
  build?: Build
  notices?: Notices
}

/** Bundlers may hold two copies of this module, and development loads it again: the process has one observer. */
function startedBefore(): boolean {
  const here = globalThis as { [STARTED]?: true }
  if (here[STARTED]) return true
  here[STARTED] = true
  return false
}

export function openBuild(options: ObserveOptions): Build {
  return new Build(options.distDir, process.cwd(), process.env.NODE_ENV === 'development')
}

/** Neither the edge runtime nor `next build` serves requests. */
export function servesNothing(env: NodeJS.ProcessEnv): boolean {
  return env['NEXT_RUNTIME'] === 'edge' || env['NEXT_PHASE'] === 'phase-production-build'
}

export function observe(options: ObserveOptions, way: Way): void {
  try {
    if (servesNothing(process.env) || startedBefore()) return
    const settings = settle(options)
    const build = way.build ?? openBuild(options)
    const notices = way.notices ?? new Notices()
    const report = new BuildReport(build)
    const choice = new Choice(way, (): Tracing => {
      const chosen = bringUp(way, notices)
      report.begin(chosen.tracer)
      return chosen
    })
    const tracing = (): Tracing => choice.now()
    const parts = assemble(settings, build, tracing)
    const observer = new Observer(parts.observer)
    channel('http.server.request.start').subscribe(observer.onRequest)
    const outgoing = watchFetches(parts.observer.current, tracing)
    if (settings.propagateToSelf) markOwnCalls(parts.ownCalls, parts.observer.current, outgoing, tracing)
    flushAtShutdown(parts.observer.spans, () => tracing().flush())
    setTimeout(() => choice.decide(), DECIDE_MS).unref()
    notices.watch(parts.observer.tally, way.whyNothing)
  } catch (error) {
    fault('starting', error)
  }
}

/** The app's own provider, or none, is what is left when ours cannot be made. */
function bringUp(way: Way, notices: Notices): Tracing {
  try {
    return way.bringUp(notices)
  } catch (error) {
    fault('bringing tracing up', error)
    return sharedTracing()
  }
}

function assemble(settings: Settings, build: Build, tracing: () => Tracing): { observer: ObserverParts; ownCalls: OwnCalls } {
  const { secret, scope } = secretOf(build)
  const current = new Current()
  const ownCalls = new OwnCalls(secret)
  const tally: Tally = { seen: 0, recorded: 0 }
  const observer: ObserverParts = {
    tracing,
    beginnings: new Beginnings(ownCalls, new TrustedPeers(settings.trustTraceparent)),
    spans: new Spans(settings.settleMs, settings.maxOpenSpans),
    settings,
    exchanges: {
      build,
      secret,
      clients: new ClientKeys(secret, settings),
      requestKeys: new RememberedHashes(secret),
      maxHashedBytes: settings.maxHashedBytes,
      graphqlOperationNames: settings.graphqlOperationNames,
    },
    current,
    useCache: new UseCache(current),
    tally,
    facts: { 'pointsman.key.scope': scope },
  }
  return { observer, ownCalls }
}

function secretOf(build: Build): ScopedSecret {
  const { POINTSMAN_HASH_SECRET: given, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: key } = process.env
  return chooseSecret(given, build.encryptionKey() ?? key)
}

function watchFetches(current: Current, tracing: () => Tracing): Outgoing {
  const outgoing = new Outgoing(current, tracing)
  channel('undici:request:create').subscribe(outgoing.onCreate)
  channel('undici:request:headers').subscribe(outgoing.onHeaders)
  channel('undici:request:trailers').subscribe(outgoing.onEnd)
  channel('undici:request:error').subscribe(outgoing.onEnd)
  return outgoing
}

/** After the spans of fetches are watched: a marked call hangs below the span of its fetch. */
function markOwnCalls(ownCalls: OwnCalls, current: Current, outgoing: Outgoing, tracing: () => Tracing): void {
  const running = (request: object) => outgoing.spanOf(request) ?? current.get()?.spanContext
  const selfFetch = new SelfFetch(ownCalls, running, () => tracing().shared)
  channel('http.server.request.start').subscribe(selfFetch.onRequest)
  channel('undici:request:create').subscribe(selfFetch.onFetch)
  channel('http.client.request.created').subscribe(selfFetch.onClientRequest)
}

/** Which way spans go now, and from its decision on for good. */
class Choice {
  #chosen: Tracing | undefined

  constructor(
    private readonly way: Way,
    private readonly choose: () => Tracing,
  ) {}

  now(): Tracing {
    return this.#chosen ?? this.way.meanwhile?.() ?? this.decide()
  }

  decide(): Tracing {
    this.#chosen ??= this.choose()
    return this.#chosen
  }
}
