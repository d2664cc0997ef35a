// Turns observation on, once per process: settings, secret and build are read here, then Node.js's own channel of
// requests is subscribed to. `register` comes through here too, with the app's facts already on its resource.

import { channel } from 'node:diagnostics_channel'
import { trace, type Attributes } from '@opentelemetry/api'
import { appFacts } from './app-facts.js'
import { Build } from './build.js'
import { fault } from './faults.js'
import { RememberedHashes } from './keyed-hash.js'
import { Observer } from './observer.js'
import { settle, type ObserveOptions } from './options.js'
import { chooseSecret } from './secret.js'
import { SelfFetch } from './self-fetch.js'
import { flushAtShutdown } from './shutdown.js'
import { Spans } from './spans.js'
import { SCOPE_NAME, SCOPE_VERSION } from './version.js'

const STARTED = Symbol.for('@pointsman/nextjs')

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

export function factsOf(build: Build): Attributes {
  return appFacts(build.dirs, process.cwd(), process.env)
}

/** `onResource`: the facts stand on the resource already, so spans need not repeat them. */
export function observe(options: ObserveOptions, onResource: boolean, build?: Build): void {
  try {
    if (process.env['NEXT_RUNTIME'] === 'edge' || startedBefore()) return
    const settings = settle(options)
    const opened = build ?? openBuild(options)
    const { secret, scope } = chooseSecret(
      process.env['POINTSMAN_HASH_SECRET'],
      opened.encryptionKey() ?? process.env['NEXT_SERVER_ACTIONS_ENCRYPTION_KEY'],
    )
    const facts: Attributes = { 'pointsman.key.scope': scope, ...(onResource ? {} : factsOf(opened)) }
    const spans = new Spans(settings.settleMs, settings.maxOpenSpans)
    const around = { build: opened, secret, requestKeys: new RememberedHashes(secret), maxHashedBytes: settings.maxHashedBytes }
    const observer = new Observer(trace.getTracer(SCOPE_NAME, SCOPE_VERSION), spans, settings, around, facts)
    channel('http.server.request.start').subscribe(observer.onRequest)
    if (settings.propagateToSelf) passOnToSelf(new SelfFetch())
    flushAtShutdown(spans)
  } catch (error) {
    fault('starting', error)
  }
}

function passOnToSelf(selfFetch: SelfFetch): void {
  channel('http.server.request.start').subscribe(selfFetch.onRequest)
  channel('undici:request:create').subscribe(selfFetch.onFetch)
}
