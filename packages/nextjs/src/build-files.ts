// Reads files of a build off the request path: bounded in number and bytes, one after the other, and nothing at all is the
// answer for whatever cannot be read. What the files mean is decided elsewhere.

import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Next.js itself reads its manifests at the start; larger ones than this would hold the event loop up for too long. */
const MAX_JSON_BYTES = 4 * 1024 * 1024
const MAX_CODE_BYTES = 2 * 1024 * 1024
const MAX_CODE_FILES = 2000
const MAX_CODE_TOTAL = 64 * 1024 * 1024

export type Json = Record<string, unknown>

/** The text of a file of at most so many bytes. */
export async function readBounded(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    const file = await open(/* turbopackIgnore: true */ path, 'r')
    try {
      const { size } = await file.stat()
      return size > maxBytes ? undefined : await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/** The object in the first of the directories that has such a file. */
export async function readJson(dirs: readonly string[], name: string): Promise<Json | undefined> {
  for (const dir of dirs) {
    const text = await readBounded(join(dir, name), MAX_JSON_BYTES)
    if (text === undefined) continue
    try {
      const parsed: unknown = JSON.parse(text)
      return typeof parsed === 'object' && parsed !== null ? (parsed as Json) : undefined
    } catch {
      return undefined
    }
  }
  return undefined
}

/** Gives each file of code below a directory to `visit`, until that returns false or a bound is reached. */
export async function eachCodeFile(root: string, visit: (code: string) => boolean): Promise<void> {
  const folders = [root]
  const bounds = { files: MAX_CODE_FILES, bytes: MAX_CODE_TOTAL }
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && folders.length < MAX_CODE_FILES) folders.push(path)
      if (!entry.isFile() || !entry.name.endsWith('.js')) continue
      if (bounds.files-- <= 0 || bounds.bytes <= 0) return
      const code = await readCode(path)
      bounds.bytes -= code?.length ?? 0
      if (code !== undefined && !visit(code)) return
    }
  }
}

export function readCode(path: string): Promise<string | undefined> {
  return readBounded(path, MAX_CODE_BYTES)
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
