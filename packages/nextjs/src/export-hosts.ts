// Where the exporters of a provider send, as far as its objects show it. SDKs keep the address in fields of their own, each at
// another place, so it is looked for: without calling anything, within bounds. Nothing found means that nothing is known.

const MAX_DEPTH = 10
const MAX_OBJECTS = 500

/** Hosts with ports (`localhost:4318`) that the processors of a provider send to. */
export function exportHosts(provider: object): Set<string> {
  const found = new Set<string>()
  const seen = new Set<object>()
  const waiting: [object, number][] = processorsOf(provider).map((root) => [root, 0])
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [object, depth] = next
    if (seen.has(object) || seen.size >= MAX_OBJECTS) continue
    seen.add(object)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
      if (typeof value === 'string') addHost(found, name, value)
      else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH && !ArrayBuffer.isView(value)) waiting.push([value as object, depth + 1])
    }
  }
  return found
}

/** Whether one of them is this host: by name and port, or by name alone for gRPC, which has a port of its own. */
export function sendsTo(provider: object, url: string): boolean {
  const own = hostOf(url)
  if (own === undefined) return false
  const name = own.replace(/:\d+$/, '')
  const hosts = exportHosts(provider)
  return hosts.has(own) || hosts.has(`${name}:4317`)
}

function processorsOf(provider: object): object[] {
  const fields = provider as { _activeSpanProcessor?: unknown; activeSpanProcessor?: unknown; _config?: { spanProcessors?: unknown } }
  const roots = [fields._activeSpanProcessor, fields.activeSpanProcessor, fields._config?.spanProcessors]
  return roots.filter((root): root is object => typeof root === 'object' && root !== null)
}

/** `url: 'http://localhost:4318/v1/traces'`, or of gRPC `address: 'localhost:4317'`. */
function addHost(found: Set<string>, name: string, text: string): void {
  if (text.length > 2048) return
  const host = /^https?:\/\//.test(text) ? hostOf(text) : name === 'address' && /^[\w.-]+:\d+$/.test(text) ? hostOf(`http://${text}`) : undefined
  if (host !== undefined) found.add(host)
}

function hostOf(text: string): string | undefined {
  try {
    const { hostname, port, protocol } = new URL(text)
    const name = /^(?:127\.0\.0\.1|\[::1\])$/.test(hostname) ? 'localhost' : hostname
    return `${name}:${port || (protocol === 'https:' ? '443' : '80')}`
  } catch {
    return undefined
  }
}
