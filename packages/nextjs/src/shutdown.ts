// Ends settling spans when the process is told to go, and has them exported before it is gone: Next.js exits before an
// exporter that was only just called has sent anything. Every listener for the signal is called as without us; only the
// last step waits, for a bounded time. Until a signal comes nothing is changed.

import { trace } from '@opentelemetry/api'
import { fault } from './faults.js'
import type { Spans } from './spans.js'

const FLUSH_MS = 1000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export function flushAtShutdown(spans: Spans): void {
  process.on('beforeExit', () => spans.flush())
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      process.removeListener(signal, onSignal)
      spans.hasten()
      // With no listener but ours the process must end by the signal, as it would have without us.
      if (process.listenerCount(signal) === 0) void exportNow(spans).then(() => process.kill(process.pid, signal))
      else exportBeforeExit(spans)
    }
    process.prependListener(signal, onSignal)
  }
}

/** A second signal, or a crash, does not come through here and ends the process at once. */
function exportBeforeExit(spans: Spans): void {
  const { exit } = process
  process.exit = ((code?: number) => {
    process.exit = exit
    void exportNow(spans).then(() => exit.call(process, code))
  }) as typeof exit
}

async function exportNow(spans: Spans): Promise<void> {
  try {
    spans.flush()
    await Promise.race([providerFlush(), new Promise((resolve) => setTimeout(resolve, FLUSH_MS))])
  } catch (error) {
    fault('flushing at shutdown', error)
  }
}

/** The API hides the SDK's provider behind a proxy; one without `forceFlush` sends at its own time. */
function providerFlush(): unknown {
  const proxy = trace.getTracerProvider() as { getDelegate?: () => unknown }
  const provider = (proxy.getDelegate?.() ?? proxy) as { forceFlush?: () => unknown }
  return provider.forceFlush?.()
}
