// Where errors of this package end: each place says it once on OpenTelemetry's diag logger, then stays quiet.
// Nothing here, and nothing that calls it, may throw into the app.

import { diag } from '@opentelemetry/api'

const said = new Set<string>()

export function fault(place: string, error: unknown): void {
  try {
    if (said.has(place)) return
    said.add(place)
    diag.error(`@pointsman/nextjs: ${place} failed (said once)`, error)
  } catch {
    // a logger that throws must not reach the app either
  }
}
