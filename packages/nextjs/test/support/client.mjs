// Sends exactly the requests a test writes, each with a trace id of its own, by which its spans are found again: the package
// links to a remote span, or continues its trace when told to.

import { randomBytes } from 'node:crypto'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'

const agent = new Agent({ keepAlive: true })
const isOwn = (span) => span.scope.name === '@pointsman/nextjs'

export function newTrace() {
  const traceId = randomBytes(16).toString('hex')
  const parentId = randomBytes(8).toString('hex')
  return { traceId, parentId, traceparent: `00-${traceId}-${parentId}-01` }
}

/** Whether a span is the package's own of the request that brought this trace context. */
export const isOwnOf = ({ traceId, parentId }) => (span) =>
  isOwn(span) && (span.links.some((link) => link.traceId === traceId && link.spanId === parentId) || (span.traceId === traceId && span.parentSpanId === parentId))

/** The answer as it came over the wire; `own()` waits for the package's span of this request. */
export async function ask(app, sink, path, { method = 'GET', headers = {}, body, abortAfter } = {}) {
  const trace = newTrace()
  const answer = await new Promise((resolve, reject) => {
    const request = httpRequest(app.url + path, { agent, method, headers: { traceparent: trace.traceparent, ...headers } }, async (response) => {
      const chunks = []
      try {
        for await (const chunk of response) chunks.push(chunk)
      } catch {
        // the server cut it off
      }
      resolve({ status: response.statusCode, headers: response.headers, raw: response.rawHeaders, body: Buffer.concat(chunks) })
    })
    request.on('error', (error) => (abortAfter === undefined ? reject(error) : resolve({ aborted: true })))
    if (abortAfter !== undefined) setTimeout(() => request.destroy(), abortAfter)
    request.end(body)
  })
  const own = async () => (await sink.until(isOwnOf(trace)))[0]
  return { ...answer, ...trace, own }
}

/** Several requests in one write on one connection; resolves with all that came back. */
export function pipeline(app, requests) {
  return new Promise((resolve, reject) => {
    const socket = connect(app.port, '127.0.0.1')
    const chunks = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('error', reject)
    socket.write(requests.join(''))
  })
}

export function multipart(fields) {
  const boundary = `----lab${randomBytes(8).toString('hex')}`
  const parts = fields.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
  return { body: `${parts.join('')}--${boundary}--\r\n`, contentType: `multipart/form-data; boundary=${boundary}` }
}

/** The hidden and visible fields of a form, as a browser without JavaScript would send them. */
export function formFields(html, id) {
  const form = [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([text]) => text).find((text) => text.includes(`id="${id}"`))
  return [...form.matchAll(/<input[^>]*>/g)].map(([input]) => [attribute(input, 'name'), attribute(input, 'value')])
}

function attribute(tag, name) {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return value.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&#x27;', "'")
}
