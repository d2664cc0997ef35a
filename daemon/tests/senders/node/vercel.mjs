// @vercel/otel outside of Next.js: the environment says where to and how. It sends traces only.

import { trace } from '@opentelemetry/api'
import { registerOTel } from '@vercel/otel'
import { sendAsTold } from './traces.mjs'

registerOTel({ instrumentations: [] })

const provider = trace.getTracerProvider().getDelegate()
await sendAsTold(() => provider.forceFlush())
await provider.shutdown()
