// The name of a GraphQL operation, from the first bytes of a JSON body that may be cut off: `operationName`, else the name in
// the text of the query. Only what is shaped like a GraphQL name comes out, and nothing from inside variables. Pure.

/** As much of a body as is looked at. */
export const GRAPHQL_PREFIX_BYTES = 8 * 1024

const NAME = /^[_A-Za-z][_0-9A-Za-z]{0,99}$/
/** Blanks, commas and comments may stand before the operation; definitions of fragments may too, and then there is no name here. */
const OPERATION = /^(?:[\s,]|#[^\n\r]*[\n\r])*(?:query|mutation|subscription)\s+([_A-Za-z][_0-9A-Za-z]{0,99})(?=[\s({@#,])/

export function graphqlOperation(start: string): string | undefined {
  const texts = topLevelTexts(start)
  const named = texts.get('operationName')
  if (named !== undefined) return NAME.test(named) ? named : undefined
  const query = texts.get('query')
  return query === undefined ? undefined : OPERATION.exec(query)?.[1]
}

export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/(?:[\w.+-]+\+)?json\b/i.test(contentType)
}

const WANTED = new Set(['operationName', 'query'])

/** The texts at the top of a JSON object under the wanted names; a text that is cut off counts as far as it goes. */
function topLevelTexts(start: string): Map<string, string> {
  const found = new Map<string, string>()
  let at = start.search(/\S/)
  if (start[at] !== '{') return found
  let depth = 0
  let key: string | undefined
  while (at < start.length) {
    const char = start[at]
    if (char === '"') {
      const end = endOfText(start, at)
      if (depth === 1) {
        const after = start.slice(end + 1, end + 32).trimStart()
        if (after.startsWith(':')) key = start.slice(at + 1, end)
        else if (key !== undefined && WANTED.has(key) && !found.has(key)) found.set(key, unescaped(start.slice(at + 1, end)))
      }
      at = end + 1
      continue
    }
    if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') depth -= 1
    else if (char === ',' && depth === 1) key = undefined
    if (depth === 0) break
    at += 1
  }
  return found
}

/** The index of the closing quote, or the length of the text when it is cut off. */
function endOfText(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return text.length
}

/** JSON's escapes, as far as the head of a query needs them. */
function unescaped(text: string): string {
  return text.slice(0, 1000).replace(/\\(?:([nrtbf"\\/])|u([0-9a-fA-F]{4}))/g, (_, simple: string | undefined, code: string | undefined) => {
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16))
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }[simple as string] ?? (simple as string)
  })
}
