// Names of server actions in the code that webpack builds wrote, for versions whose manifest has none: the client's
// references carry them (15.0 to 15.4), and the server's table of actions does (14.2). Pure text; reading is elsewhere.

const ID = '[0-9a-f]{40,64}'

/** `createServerReference)("7f..", r.callServer, void 0, r.findSourceMapURL, "signIn")`, minified or not. */
const CLIENT = new RegExp(`createServerReference\\)?\\s*\\(\\s*"(${ID})"\\s*,[^,()]{1,80},\\s*void 0\\s*,[^,()]{1,80},\\s*"([\\w$]{1,200})"\\s*\\)`, 'g')

/** `"9a..": () => Promise.resolve().then(r.bind(r, 57)).then(e => e.signIn)`. */
const SERVER = new RegExp(`"?(${ID})"?\\s*:\\s*\\(\\)\\s*=>\\s*[^{}"]{1,200}?\\.then\\(\\(?[\\w$]+\\)?\\s*=>\\s*[\\w$]+(?:\\.([\\w$]{1,200})|\\["([\\w$]{1,200})"\\])\\)`, 'g')

/** Adds the names in one file to those found so far; at most `limit` in all. */
export function addChunkNames(code: string, names: Map<string, string>, limit: number): void {
  if (code.includes('createServerReference')) addMatches(code, CLIENT, names, limit)
  if (code.includes('Promise.resolve().then(')) addMatches(code, SERVER, names, limit)
}

/**
 * Only names that belong to one action: the file is not known, and two actions that share a name are two. Inline actions and
 * default exports have names that every file may have.
 */
export function uniqueNames(names: ReadonlyMap<string, string>): Map<string, string> {
  const uses = new Map<string, number>()
  for (const name of names.values()) uses.set(name, (uses.get(name) ?? 0) + 1)
  return new Map([...names].filter(([, name]) => uses.get(name) === 1 && name !== 'default' && !name.startsWith('$$')))
}

function addMatches(code: string, pattern: RegExp, names: Map<string, string>, limit: number): void {
  for (const [, id, name, quoted] of code.matchAll(pattern)) {
    if (names.size >= limit) return
    if (id !== undefined && !names.has(id)) names.set(id, (name ?? quoted) as string)
  }
}
