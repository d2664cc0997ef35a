// NodeSDK as its documentation shows it: the environment says where to and how. It sends all three signals.

import { metrics, trace } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api-logs'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { sendAsTold } from './traces.mjs'

const sdk = new NodeSDK({ instrumentations: [] })
sdk.start()

metrics.getMeter('senders').createCounter('senders.runs').add(1)
logs.getLogger('senders').emit({ body: 'a line', attributes: { 'log.note': 'ü' } })
await sendAsTold(() => trace.getTracerProvider().getDelegate().forceFlush())
await sdk.shutdown()
