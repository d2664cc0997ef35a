// The life of the package's own spans: open while the exchange runs, settling while the spans of Next.js below it end,
// then ended with the time at which the response was over. Knows nothing of HTTP.
//
//   open --close()--> settling --settleMs later, or flush()--> ended

import type { Attributes, Span } from '@opentelemetry/api'
import { fault } from './faults.js'

interface Settling {
  span: Span
  outcome: Attributes
  end: number
}

/** What the SDK's span has beyond the API; another SDK may not have it. */
interface SdkSpan {
  ended?: boolean
  attributes?: Attributes
}

export class Spans {
  open = 0
  dropped = 0
  #settling: Settling[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(
    private settleMs: number,
    private readonly limit: number,
  ) {}

  full(): boolean {
    return this.open + this.#settling.length >= this.limit
  }

  /** Whether one more may start; counted as dropped if not. */
  admit(): boolean {
    if (!this.full()) return true
    this.dropped += 1
    return false
  }

  /** `end` on the clock of performance.now(), which survives changes of the wall clock. */
  close(span: Span, outcome: Attributes, end: number): void {
    if ((span as SdkSpan).ended) {
      // @vercel/otel ends all spans of a trace with the first of them: what is set later still goes out until the next flush.
      Object.assign((span as SdkSpan).attributes ?? {}, outcome)
      return
    }
    span.setAttributes(outcome)
    this.#settling.push({ span, outcome, end })
    if (this.settleMs === 0) this.flush()
    else this.#schedule(this.settleMs)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const settling of this.#settling.splice(0)) end(settling)
  }

  /** The process is about to go: spans end with their response from now on. */
  hasten(): void {
    this.settleMs = 0
    this.flush()
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => this.#drain(), ms).unref()
  }

  #drain(): void {
    this.#timer = undefined
    const due = performance.now() - this.settleMs
    let count = 0
    while (count < this.#settling.length && (this.#settling[count] as Settling).end <= due) count += 1
    for (const settling of this.#settling.splice(0, count)) end(settling)
    const next = this.#settling[0]
    if (next) this.#schedule(Math.max(10, next.end - due))
  }
}

function end({ span, outcome, end }: Settling): void {
  try {
    if ((span as SdkSpan).ended) Object.assign((span as SdkSpan).attributes ?? {}, outcome)
    else span.end(end)
  } catch (error) {
    fault('ending a span', error)
  }
}
