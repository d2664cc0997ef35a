// The running app's build as this package needs it: names of actions and the key to derive a secret from. Reads files, at
// start and after a miss, at most once a second; what the data mean is in manifest.ts.

import { readFileSync } from 'node:fs'
import type { Attributes } from '@opentelemetry/api'
import { appFacts } from './app-facts.js'
import { buildDirs, manifestPath, modified } from './build-dir.js'
import { isActionId } from './action-form.js'
import { encryptionKeyOf, manifestInMemory, nameOf, type ActionName, type Manifest } from './manifest.js'

const RETRY_MS = 1000

export class Build {
  readonly dirs: readonly string[]
  #manifest: Manifest | undefined
  #names: ReadonlyMap<string, string> = new Map()
  #facts: Attributes | undefined
  #modified = 0
  #looked = 0

  constructor(distDir: string | undefined, cwd: string, development: boolean) {
    this.dirs = buildDirs(distDir, cwd, development)
    this.#read()
  }

  /** The id comes from the client: only what looks like one is looked up. */
  actionName(id: string, now: number): ActionName | undefined {
    if (!isActionId(id)) return undefined
    const found = nameOf(manifestInMemory(), id) ?? nameOf(this.#manifest, id) ?? this.#nameInCode(id)
    if (found || now - this.#looked < RETRY_MS) return found
    this.#looked = now
    return this.#read() ? nameOf(this.#manifest, id) : undefined
  }

  /** Names that stand in the build's code and not in its manifest. */
  learnNames(names: ReadonlyMap<string, string>): void {
    this.#names = names
  }

  #nameInCode(id: string): ActionName | undefined {
    const name = this.#names.get(id)
    return name === undefined ? undefined : { name, file: undefined }
  }

  /** Instance, versions, deployment and limits: the same for the life of the process. */
  facts(): Attributes {
    this.#facts ??= appFacts(this.dirs, process.cwd(), process.env)
    return this.#facts
  }

  encryptionKey(): string | undefined {
    return encryptionKeyOf(this.#manifest) ?? encryptionKeyOf(manifestInMemory())
  }

  /** Whether there is a newer manifest than before. */
  #read(): boolean {
    for (const dir of this.dirs) {
      const path = manifestPath(dir)
      const at = modified(path)
      if (at === 0) continue
      if (at === this.#modified) return false
      this.#manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
      this.#modified = at
      return true
    }
    return false
  }
}
