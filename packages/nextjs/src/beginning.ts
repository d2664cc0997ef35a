// Where the span of a request begins: below the span of the app that sent it, below a remote span that is trusted, or as a
// root of its own. Any visitor can send a `traceparent`: followed blindly, a constant one makes a trace without end, and one
// that says "not sampled" hides its sender. So a remote span is linked to, and followed only on demand.

import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { propagation, ROOT_CONTEXT, trace, type Context, type Link, type SpanContext } from '@opentelemetry/api'
import { OWN_CALL_HEADER, type OwnCalls } from './own-call.js'
import { isSampled, parseTraceparent } from './trace-context.js'

export interface Beginning {
  parent: Context
  links: Link[]
  /** A remote span that is not sampled was there: the request got a root all the same. */
  remoteUnsampled: boolean
}

/** Which peers may continue their trace here: none, all, or those at the addresses and networks of a list. */
export class TrustedPeers {
  readonly #all: boolean
  readonly #some: BlockList | undefined

  constructor(trusted: boolean | readonly string[]) {
    this.#all = trusted === true
    this.#some = Array.isArray(trusted) ? networks(trusted as readonly string[]) : undefined
  }

  includes(address: string | undefined): boolean {
    if (this.#all) return true
    if (this.#some === undefined || address === undefined) return false
    const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
    const family = isIP(bare)
    return family !== 0 && this.#some.check(bare, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Addresses and networks (`10.0.0.0/8`); what is neither is left out. */
function networks(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', bits] = text.split('/', 2)
    const family = isIP(address)
    if (family === 0) continue
    const type = family === 6 ? 'ipv6' : 'ipv4'
    const prefix = Number(bits)
    if (bits === undefined) list.addAddress(address, type)
    else if (Number.isInteger(prefix) && prefix >= 0 && prefix <= (family === 6 ? 128 : 32)) list.addSubnet(address, prefix, type)
  }
  return list
}

export class Beginnings {
  constructor(
    private readonly ownCalls: OwnCalls,
    private readonly trusted: TrustedPeers,
  ) {}

  /** `shared`: the app's own SDK reads the headers too, so its propagator says what a remote span looks like. */
  of({ headers, socket }: IncomingMessage, shared: boolean, now: number): Beginning {
    const mark = headers[OWN_CALL_HEADER]
    if (mark !== undefined) {
      // The app has no use for it, and one that copies its headers into another request must not send it on.
      delete headers[OWN_CALL_HEADER]
      const caller = this.ownCalls.callerOf(mark, now)
      if (caller) return { parent: trace.setSpanContext(ROOT_CONTEXT, caller), links: [], remoteUnsampled: false }
    }
    const extracted = shared ? propagation.extract(ROOT_CONTEXT, headers) : ROOT_CONTEXT
    const remote = trace.getSpanContext(extracted) ?? parseTraceparent(headers['traceparent'])
    if (!remote) return { parent: ROOT_CONTEXT, links: [], remoteUnsampled: false }
    const sampled = isSampled(remote.traceFlags)
    if (sampled && this.trusted.includes(socket.remoteAddress)) {
      return { parent: trace.setSpanContext(extracted, remote), links: [], remoteUnsampled: false }
    }
    return { parent: ROOT_CONTEXT, links: [{ context: linkable(remote) }], remoteUnsampled: !sampled }
  }
}

/** Without the remote's `tracestate`: its vendors' texts are nobody's business here. */
function linkable({ traceId, spanId, traceFlags }: SpanContext): SpanContext {
  return { traceId, spanId, traceFlags, isRemote: true }
}
