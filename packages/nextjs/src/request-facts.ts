// The attributes of a request, from its head alone. Names are those of the telemetry contract. Pure.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { clientAddress, type Client } from './client-key.js'
import { credentials } from './credentials.js'
import { QUERY_NAMES, REQUEST_HEADERS } from './header-names.js'
import type { Settings } from './options.js'
import { cut, hostOf, pathOf, queryNames, type Target } from './target.js'

export function requestFacts(request: IncomingMessage, target: Target, settings: Settings, client: Client): Attributes {
  const { headers, socket } = request
  const facts: Attributes = {
    'http.request.method': request.method ?? 'GET',
    'url.path': cut(target.path),
    'url.scheme': scheme(request, settings),
    'pointsman.request.credentials': credentials(headers, client.session !== undefined),
  }
  if (headers['user-agent'] !== undefined) facts['user_agent.original'] = cut(headers['user-agent'])
  for (const [name, attribute] of REQUEST_HEADERS) {
    const value = headers[name]
    if (value !== undefined) facts[attribute] = [cut(String(value))]
  }
  const referer = ownReferer(headers)
  if (referer !== undefined) facts['http.request.header.referer'] = [referer]
  if (headers['if-none-match'] !== undefined) facts['http.request.header.if-none-match'] = ['1']
  if (target.query !== '') facts['pointsman.request.query_names'] = queryNames(target.query, QUERY_NAMES, settings.queryNames)
  addClient(facts, client)
  if (settings.clientAddress) {
    const address = clientAddress(headers, socket.remoteAddress, settings.trustProxy)
    if (address !== undefined) facts['client.address'] = address
  }
  return facts
}

function addClient(facts: Attributes, { key, basis, networkKey, forwarded }: Client): void {
  if (key !== undefined) facts['pointsman.client.key'] = key
  if (basis !== undefined) facts['pointsman.client.key_basis'] = basis
  if (networkKey !== undefined) facts['pointsman.client.network_key'] = networkKey
  facts['pointsman.client.forwarded'] = forwarded
}

/** Path of the page that asked, when it is a page of this host; of other hosts nothing. */
export function ownReferer(headers: IncomingHttpHeaders): string | undefined {
  const { referer } = headers
  if (referer === undefined) return undefined
  const host = hostOf(referer)
  if (host === '') return undefined
  const own = host === headers.host?.toLowerCase() || host === String(headers['x-forwarded-host'] ?? '').toLowerCase()
  return own ? pathOf(referer) : undefined
}

function scheme(request: IncomingMessage, settings: Settings): string {
  const forwarded = settings.trustProxy ? request.headers['x-forwarded-proto'] : undefined
  if (forwarded !== undefined) return String(forwarded).startsWith('https') ? 'https' : 'http'
  return (request.socket as { encrypted?: boolean }).encrypted ? 'https' : 'http'
}
