// What the app's server-reference manifest says: names of actions. Pure lookup in data; reading files is in build.ts.

export interface ActionName {
  name: string
  file: string | undefined
}

interface Entry {
  exportedName?: unknown
  filename?: unknown
}

export interface Manifest {
  node?: Record<string, Entry | undefined>
  edge?: Record<string, Entry | undefined>
  encryptionKey?: unknown
}

/** Before 15.5 webpack builds have entries without names: then the code may say it. */
export function nameOf(manifest: Manifest | undefined, id: string): ActionName | undefined {
  const entry = manifest?.node?.[id] ?? manifest?.edge?.[id]
  if (typeof entry?.exportedName !== 'string') return undefined
  return { name: entry.exportedName, file: typeof entry.filename === 'string' ? entry.filename : undefined }
}

interface Singleton {
  serverActionsManifest?: Manifest
}

const IN_MEMORY = ['next.server.manifests', 'next.server.action-manifests'].map((name) => Symbol.for(name))

/** Next.js keeps the manifest it loaded under a global symbol: 16 under the first, 14 and 15 under the second. */
export function manifestInMemory(): Manifest | undefined {
  for (const symbol of IN_MEMORY) {
    const manifest = (globalThis as { [key: symbol]: Singleton | undefined })[symbol]?.serverActionsManifest
    if (manifest) return manifest
  }
  return undefined
}

export function encryptionKeyOf(manifest: Manifest | undefined): string | undefined {
  const key = manifest?.encryptionKey
  return typeof key === 'string' && key !== '' ? key : undefined
}
