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

function addMatches(code: string, pattern: RegExp, names: Map<string, string>, limit: number): void {
  for (const [, id, name, quoted] of code.matchAll(pattern)) {
    if (names.size >= limit) return
    if (id !== undefined && !names.has(id)) names.set(id, (name ?? quoted) as string)
  }
}
