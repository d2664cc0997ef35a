// How the app recognises a call of its own: a header that names the calling span and proves, by a keyed hash, that a process
// with the app's secret wrote it. A visitor cannot make one, and one that leaked is worth nothing a few minutes later.

import { timingSafeEqual } from 'node:crypto'
import type { SpanContext } from '@opentelemetry/api'
import { hashText, type Secret } from './keyed-hash.js'
import { formatTraceparent, parseTraceparent } from './trace-context.js'

export const OWN_CALL_HEADER = 'x-pointsman-own'

const MINUTE_MS = 60_000
/** Instances of the app may disagree about the time by so much, and a call may wait in a queue for so long. */
const VALID_MINUTES = 2

const MARK = /^(00-[0-9a-f]{32}-[0-9a-f]{16}-0[01])-([0-9a-z]{1,9})-([0-9a-f]{16})$/

export class OwnCalls {
  constructor(private readonly secret: Secret) {}

  mark(caller: SpanContext, now: number): string {
    const text = `${formatTraceparent(caller)}-${minute(now).toString(36)}`
    return `${text}-${this.#proof(text)}`
  }

  /** The calling span, if the header is genuine and fresh. */
  callerOf(header: unknown, now: number): SpanContext | undefined {
    if (typeof header !== 'string' || header.length > 100) return undefined
    const parts = MARK.exec(header)
    if (!parts) return undefined
    const [, traceparent, at, proof] = parts as unknown as [string, string, string, string]
    if (Math.abs(parseInt(at, 36) - minute(now)) > VALID_MINUTES) return undefined
    const expected = this.#proof(`${traceparent}-${at}`)
    return timingSafeEqual(Buffer.from(proof), Buffer.from(expected)) ? parseTraceparent(traceparent) : undefined
  }

  #proof(text: string): string {
    return hashText(this.secret, `own call\n${text}`)
  }
}

function minute(now: number): number {
  return Math.floor(now / MINUTE_MS)
}
