// A registry on this machine that has our packages as if they were published, so that package managers choose among the platforms as
// they do for users. The platforms that were not built here hold a program that says so. It knows no other package, unless it is given
// a registry to ask.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGES } from '../lib/platform.js'
import { manifest, pack, platformPackage } from '../scripts/platform-package.mjs'

const cli = dirname(dirname(fileURLToPath(import.meta.url)))
const main = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8'))

/**
 * Serves the packages; `programs` holds paths by Rust's name of the platform. `folder` takes the tarballs. `also` names folders of
 * further packages, `upstream` the registry that has all others; `socket` is a path to listen on in place of a port.
 */
export async function startRegistry(programs, folder, { also = [], upstream, socket, url = '' } = {}) {
  const stranger = join(folder, 'stranger')
  writeFileSync(stranger, '#!/bin/sh\necho "a program of another platform" >&2\nexit 99\n')
  const tarballs = new Map([['pointsman', { manifest: main, file: pack(cli, folder) }]])
  for (const [name, { target }] of Object.entries(PACKAGES)) {
    tarballs.set(name, { manifest: manifest(name), file: platformPackage(target, programs[target] ?? stranger, folder) })
  }
  for (const root of also) {
    const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    tarballs.set(own.name, { manifest: own, file: pack(root, folder) })
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://registry').pathname).slice(1)
    const tarball = path.endsWith('.tgz') ? tarballs.get(path.slice(0, -4)) : undefined
    if (tarball) return void response.end(readFileSync(tarball.file))
    const entry = tarballs.get(path)
    if (!entry && upstream) return void passOn(request, response, upstream, url)
    response.statusCode = entry ? 200 : 404
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(entry ? packument(entry, url) : { error: 'not found' }))
  })
  await new Promise((resolve) => (socket ? server.listen(socket, resolve) : server.listen(0, '127.0.0.1', resolve)))
  url ||= `http://127.0.0.1:${server.address().port}/`
  return { url, close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) }
}

/** What the other registry answers, with its own address replaced, so that tarballs are asked for here as well. */
async function passOn(request, response, upstream, url) {
  try {
    if (request.method !== 'GET') throw new Error('only reading is passed on')
    const answer = await fetch(new URL(request.url.slice(1), upstream), { headers: { accept: request.headers.accept ?? '*/*' } })
    const type = answer.headers.get('content-type') ?? 'application/octet-stream'
    response.writeHead(answer.status, { 'content-type': type })
    if (type.includes('json')) response.end((await answer.text()).replaceAll(upstream, url))
    else response.end(Buffer.from(await answer.arrayBuffer()))
  } catch (error) {
    response.writeHead(502, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }))
  }
}

function packument({ manifest, file }, url) {
  const bytes = readFileSync(file)
  const dist = {
    tarball: `${url}${manifest.name}.tgz`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
  }
  const long_ago = '2026-01-01T00:00:00.000Z'
  return {
    name: manifest.name,
    'dist-tags': { latest: manifest.version },
    versions: { [manifest.version]: { ...manifest, dist } },
    time: { created: long_ago, modified: long_ago, [manifest.version]: long_ago },
  }
}
