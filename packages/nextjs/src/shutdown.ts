// Ends settling spans when the process is told to go, and has them exported before it is gone: Next.js exits before an
// exporter that was only just called has sent anything. Every listener for the signal is called as without us. Only the exit
// of Next.js's own server waits, for a bounded time: an exit that the app calls ends the process at once, as it must.

import { fault } from './faults.js'
import type { Spans } from './spans.js'

const FLUSH_MS = 1000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** A frame of Next.js's own server, wherever a package manager puts it. */
const OF_NEXT = /[\\/]next[\\/]dist[\\/](?:server|cli|bin)[\\/]/

export function flushAtShutdown(spans: Spans, flushProvider: () => unknown): void {
  process.on('beforeExit', () => spans.flush())
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      process.removeListener(signal, onSignal)
      spans.hasten()
      // With no listener but ours the process must end by the signal, as it would have without us.
      const sent = exportNow(spans, flushProvider)
      if (process.listenerCount(signal) === 0) void sent.then(() => process.kill(process.pid, signal))
      else holdExitOfNext(sent, () => exportNow(spans, flushProvider))
    }
    process.prependListener(signal, onSignal)
  }
}

/**
 * What was answered since the signal is sent as well, once the first batch is. A second signal, or a crash, does not come
 * through here and ends the process at once.
 */
function holdExitOfNext(sent: Promise<void>, sendRest: () => Promise<void>): void {
  const { exit } = process
  const held = ((code?: number): void => {
    process.exit = exit
    if (!isCalledByNext(held)) exit.call(process, code)
    else void Promise.all([sent, sendRest()]).then(() => exit.call(process, code))
  }) as typeof exit
  process.exit = held
}

/** Nothing follows the call of `process.exit` in Next.js's server, so there it may return. */
function isCalledByNext(callee: (...args: never[]) => unknown): boolean {
  const here: { stack?: string } = {}
  Error.captureStackTrace(here, callee)
  const caller = here.stack?.split('\n', 2)[1] ?? ''
  return OF_NEXT.test(caller)
}

async function exportNow(spans: Spans, flushProvider: () => unknown): Promise<void> {
  try {
    spans.flush()
    await Promise.race([flushProvider(), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))])
  } catch (error) {
    fault('flushing at shutdown', error)
  }
}
