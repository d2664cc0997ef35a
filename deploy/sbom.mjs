#!/usr/bin/env node
// The crates that are in the daemon for one platform, as CycloneDX 1.6 JSON: node deploy/sbom.mjs TARGET
// Asks cargo for what is in the daemon with its features (`cargo tree`), and for who uses whom (`cargo metadata`, which has the
// features of the tests as well).

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Digests of all crates that come from a registry, by name and version. */
function checksums() {
  const lock = readFileSync(join(repository, 'Cargo.lock'), 'utf8')
  const entries = lock.matchAll(/^name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(.+)"$/gm)
  return new Map([...entries].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]))
}

/** Names with versions of what the daemon's program is made of, without what only builds it. */
function members(target) {
  const tree = ['tree', '--locked', '--package', 'pointsman', '--edges', 'normal', '--target', target, '--prefix', 'none']
  const lines = cargo(tree).split('\n').filter((line) => line !== '' && !line.includes('(proc-macro)'))
  return new Set(lines.map((line) => line.split(' ').slice(0, 2).join(' ').replace(' v', ' ')))
}

/** Packages of the program, and what each of them uses. */
function reachable({ packages, resolve }, within) {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const byId = new Map(packages.map((one) => [one.id, one]))
  const isMember = (id) => within.has(`${byId.get(id).name} ${byId.get(id).version}`)
  const uses = (id) => nodes.get(id).deps.filter(({ dep_kinds, pkg }) => dep_kinds.some(({ kind }) => kind === null) && isMember(pkg)).map(({ pkg }) => pkg)
  const found = new Map()
  const waiting = [packages.find(({ name }) => name === 'pointsman').id]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue
    found.set(id, { ...byId.get(id), uses: uses(id) })
    waiting.push(...uses(id))
  }
  return found
}

function cargo(args) {
  return execFileSync('cargo', args, { cwd: repository, maxBuffer: 1 << 28, encoding: 'utf8' })
}

export function sbom(target) {
  const graph = JSON.parse(cargo(['metadata', '--locked', '--format-version', '1', '--filter-platform', target]))
  const found = reachable(graph, members(target))
  const sums = checksums()
  const reference = (id) => `pkg:cargo/${found.get(id).name}@${found.get(id).version}`
  const component = ([id, { name, version, license }]) => {
    const checksum = sums.get(`${name} ${version}`)
    return {
      type: name === 'pointsman' ? 'application' : 'library',
      'bom-ref': reference(id),
      name,
      version,
      purl: reference(id),
      ...(license ? { licenses: [{ expression: license.replaceAll('/', ' OR ') }] } : {}),
      ...(checksum ? { hashes: [{ alg: 'SHA-256', content: checksum }] } : {}),
    }
  }
  const components = [...found].map(component).sort((a, b) => (a.purl < b.purl ? -1 : 1))
  const [program] = components.filter(({ name }) => name === 'pointsman')
  const dependencies = [...found].map(([id, { uses }]) => ({ ref: reference(id), dependsOn: [...new Set(uses.map(reference))].sort() }))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuid(JSON.stringify([target, components]))}`,
    version: 1,
    metadata: { component: program, properties: [{ name: 'target', value: target }] },
    components: components.filter((one) => one !== program),
    dependencies: dependencies.sort((a, b) => (a.ref < b.ref ? -1 : 1)),
  }
}

/** The same for the same contents, so that a release can be made again. */
function uuid(text) {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target] = process.argv.slice(2)
  if (!target) {
    console.error('node deploy/sbom.mjs TARGET, as x86_64-unknown-linux-gnu')
    process.exit(2)
  }
  console.log(JSON.stringify(sbom(target), null, 2))
}
