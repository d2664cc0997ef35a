// The one hash of this package: HMAC-SHA256 under the app's secret, cut to 64 bits. What goes into it is decided elsewhere.

import { createHmac, type Hmac } from 'node:crypto'

export type Secret = Buffer

export function startHash(secret: Secret): Hmac {
  return createHmac('sha256', secret)
}

/** 16 hex digits. */
export function finishHash(hash: Hmac): string {
  return hash.digest('hex').slice(0, 16)
}

export function hashText(secret: Secret, text: string): string {
  return finishHash(startHash(secret).update(text))
}
