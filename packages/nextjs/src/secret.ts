// Which secret the hashes of this process stand under, and whether other instances share it. Pure: the caller reads the
// environment and the build. The app's encryption key goes in here and nothing of it comes out: only a derived secret.

import { createHmac, randomBytes } from 'node:crypto'
import type { Secret } from './keyed-hash.js'

export type KeyScope = 'shared' | 'process'

export interface ScopedSecret {
  secret: Secret
  scope: KeyScope
}

const DERIVATION = '@pointsman/nextjs hash secret v1'

export function chooseSecret(given: string | undefined, encryptionKey: string | undefined): ScopedSecret {
  const source = given || usable(encryptionKey)
  if (!source) return { secret: randomBytes(32), scope: 'process' }
  return { secret: createHmac('sha256', source).update(DERIVATION).digest(), scope: 'shared' }
}

/** Builds for the edge carry the text `process.env.NEXT_...` in place of a key. */
function usable(key: string | undefined): string | undefined {
  return key && !key.startsWith('process.env') ? key : undefined
}
