import { NodeSDK } from '@opentelemetry/sdk-node'

export function start() {
  new NodeSDK({ serviceName: 'lab', instrumentations: [] }).start()
}
