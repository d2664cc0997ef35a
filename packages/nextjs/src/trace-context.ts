// The W3C trace context as text: `traceparent` read and written. Pure.

import { isSpanContextValid, TraceFlags, type SpanContext } from '@opentelemetry/api'

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** The context that a `traceparent` names; a version later than 00 may carry more behind it. */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined
  const parts = TRACEPARENT.exec(text.trim())
  if (!parts || parts[1] === 'ff' || (parts[1] === '00' && parts[5] !== undefined)) return undefined
  const context = { traceId: parts[2] as string, spanId: parts[3] as string, traceFlags: parseInt(parts[4] as string, 16), isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled(traceFlags) ? '01' : '00'}`
}

export function isSampled(flags: number): boolean {
  return (flags & TraceFlags.SAMPLED) !== 0
}
