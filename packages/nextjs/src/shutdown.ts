// Ends settling spans when the process is about to go, and asks the exporter to send them. It never keeps a signal from
// the app: where the app has its own listener that one decides; where it has none the signal is sent again after a
// bounded flush, so that the process ends as it would have without us.

import { trace } from '@opentelemetry/api'
import { fault } from './faults.js'
import type { Spans } from './spans.js'

const FLUSH_MS = 2000
const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export function flushAtShutdown(spans: Spans): void {
  process.on('beforeExit', () => spans.flush())
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      process.removeListener(signal, onSignal)
      const alone = process.listenerCount(signal) === 0
      const exported = exportNow(spans)
      if (alone) void exported.then(() => process.kill(process.pid, signal))
    }
    process.prependListener(signal, onSignal)
  }
}

async function exportNow(spans: Spans): Promise<void> {
  try {
    spans.hasten()
    await Promise.race([providerFlush(), new Promise((resolve) => setTimeout(resolve, FLUSH_MS).unref())])
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
