// Requests one after the other on one connection, and a receiver that reads what apps export and forgets it.

import { readFileSync } from 'node:fs'
import { Agent, createServer, request as httpRequest } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'
import { spansOfProtobuf } from '../test/support/protobuf.mjs'

const BROWSER = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  accept: '*/*',
  'accept-language': 'en',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  cookie: 'theme=dark; sid=bench-0123456789',
}

/** No `accept-encoding`: Next.js would compress, which costs more than all telemetry and would hide it. */
export const CASES = {
  handler: { title: 'trivial handler', path: '/api/hello' },
  large: { title: '80 KB handler', path: '/api/big' },
  page: { title: 'rendered page', path: '/item/1' },
  action: { title: 'Server Action', path: '/acts', action: 'plain', body: '["word"]' },
}

/** Opens one connection to the app; each call sends `count` requests of the case and waits for every answer. */
export function opener(app, lab) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = ({ path, action, body }) =>
    new Promise((resolve, reject) => {
      const headers = { ...BROWSER, referer: `${app.url}/acts` }
      if (action) Object.assign(headers, { origin: app.url, accept: 'text/x-component', 'content-type': 'text/plain;charset=UTF-8', 'next-action': actionId(lab, action) })
      const request = httpRequest(app.url + path, { agent, method: action ? 'POST' : 'GET', headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`${path} was answered with ${response.statusCode}`))
        response.resume().on('end', resolve)
      })
      request.on('error', reject).end(body)
    })
  return {
    async send(which, count) {
      for (let i = 0; i < count; i += 1) await ask(CASES[which])
    },
    close: () => agent.destroy(),
  }
}

const ids = new Map()

function actionId(lab, name) {
  const known = ids.get(lab.dir + name)
  if (known) return known
  const { node } = JSON.parse(readFileSync(join(lab.dir, '.next', 'server', 'server-reference-manifest.json'), 'utf8'))
  const id = Object.keys(node).find((key) => node[key].exportedName === name)
  ids.set(lab.dir + name, id)
  return id
}

/** The first part of a request's path says which variant sent it. `kept` fills only while `keep` is set. */
export async function startReceiver() {
  const receiver = { keep: false, kept: [], url: '', spansOf, close: () => server.close() }
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => receiver.keep && chunks.push(chunk))
    request.on('end', () => {
      if (receiver.keep) receiver.kept.push({ from: request.url.split('/')[1], gzip: request.headers['content-encoding'] === 'gzip', body: Buffer.concat(chunks) })
      response.end()
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${server.address().port}`
  return receiver

  function spansOf(variant) {
    return receiver.kept.filter(({ from }) => from === variant).flatMap(({ gzip, body }) => spansOfProtobuf(gzip ? gunzipSync(body) : body))
  }
}
