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

const REMEMBERED = 1000

/** Hashes of texts that come again and again, such as the address of a page; bounded, and forgotten all at once. */
export class RememberedHashes {
  readonly #hashes = new Map<string, string>()

  constructor(private readonly secret: Secret) {}

  of(text: string): string {
    const remembered = this.#hashes.get(text)
    if (remembered !== undefined) return remembered
    const hash = hashText(this.secret, text)
    if (this.#hashes.size >= REMEMBERED) this.forget()
    // Long addresses would make the memory large; they are hashed anew each time.
    if (text.length <= 512) this.#hashes.set(text, hash)
    return hash
  }

  forget(): void {
    this.#hashes.clear()
  }
}
