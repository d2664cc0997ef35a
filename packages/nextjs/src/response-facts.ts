// The attributes of a response, from its status and headers. Pure. Sizes and hashes of bodies are in exchange.ts.

import type { ServerResponse } from 'node:http'
import type { Attributes } from '@opentelemetry/api'
import { RESPONSE_HEADERS } from './header-names.js'
import { cut, pathOf } from './target.js'

export function addResponseFacts(facts: Attributes, response: ServerResponse): void {
  if (!response.headersSent) return
  facts['http.response.status_code'] = response.statusCode
  for (const [name, attribute] of RESPONSE_HEADERS) {
    const value = response.getHeader(name)
    if (value !== undefined) facts[attribute] = asTexts(value, cut)
  }
  const location = response.getHeader('location')
  if (location !== undefined) facts['http.response.header.location'] = asTexts(location, pathOf)
  const redirect = response.getHeader('x-action-redirect')
  if (redirect !== undefined) facts['http.response.header.x-action-redirect'] = asTexts(redirect, actionTarget)
  facts['pointsman.response.sets_cookie'] = response.hasHeader('set-cookie')
}

/** Answers to HEAD and these statuses have no body, whatever the app wrote. */
export function hasNoBody(method: string | undefined, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

/** `/path?query;push`: Next.js writes how to navigate behind the target. */
export function actionTarget(value: string): string {
  const how = /;(?:push|replace)$/.exec(value)?.[0] ?? ''
  return pathOf(value.slice(0, value.length - how.length)) + how
}

function asTexts(value: number | string | readonly string[], shape: (text: string) => string): string[] {
  return Array.isArray(value) ? value.map((one: string) => shape(one)) : [shape(String(value))]
}
