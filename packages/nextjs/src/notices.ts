// The few lines that the package writes to the app's log, because silence is a fault: one at the start (where spans go, as
// what service), one when nothing could be sent, and one when requests were served and none was recorded. Everything else
// goes to OpenTelemetry's diag logger, in faults.ts.

const PREFIX = '@pointsman/nextjs:'
/** How often is looked whether requests are recorded, until the first have come. */
const WATCH_MS = 60_000
/** A receiver that comes and goes is not reported more often than this. */
const REPEAT_MS = 10 * 60_000

type Write = (line: string) => void

/** What has come to the observer so far. */
export interface Tally {
  /** Requests that count: Next.js's own assets and ignored paths do not. */
  seen: number
  /** Requests with a span that is recorded. */
  recorded: number
}

export class Notices {
  #failing = false
  #saidFailing = -Infinity
  #sentEver = false

  constructor(
    private readonly info: Write = (line) => console.info(line),
    private readonly warn: Write = (line) => console.warn(line),
  ) {}

  started(text: string): void {
    this.#write(this.info, text)
  }

  /** After each attempt of the package's own exporter. */
  exported(error: unknown, failed: boolean, to: string, now: number): void {
    if (!failed) {
      if (this.#failing && this.#saidFailing > -Infinity) this.#write(this.info, `spans reach ${to} again`)
      this.#failing = false
      this.#sentEver = true
      return
    }
    if (this.#failing || now - this.#saidFailing < REPEAT_MS) return
    this.#failing = true
    this.#saidFailing = now
    const lost = this.#sentEver ? 'spans can no longer be sent' : 'nothing could be sent'
    this.#write(this.warn, `${lost} to ${to} (${reason(error)}); the app is not affected, its telemetry is dropped meanwhile`)
  }

  /** Says why, when requests have come and a minute later none is recorded. */
  watch(tally: Tally, why: () => string): void {
    setTimeout(() => {
      if (tally.seen === 0) this.watch(tally, why)
      else if (tally.recorded === 0) this.#write(this.warn, `${tally.seen} requests were served and none was recorded: ${explained(why)}`)
    }, WATCH_MS).unref()
  }

  #write(write: Write, text: string): void {
    try {
      write(`${PREFIX} ${text}`)
    } catch {
      // a console that throws must not reach the app
    }
  }
}

/** The first line of an error, without what a peer may have put into it beyond that. */
function reason(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const text = typeof message === 'string' && message !== '' ? message : String(code ?? 'unknown error')
  const line = (text.split('\n', 1)[0] as string).replace(/[^\x20-\x7e]/g, '').slice(0, 120)
  return typeof code === 'number' ? `status ${code}` : line
}

function explained(why: () => string): string {
  try {
    return why()
  } catch {
    return 'for an unknown reason'
  }
}
