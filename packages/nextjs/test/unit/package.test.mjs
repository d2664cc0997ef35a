// What `npm pack` would publish: the built modules with their types, the licences, and nothing else.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))

test('the tarball holds each module once, with its types, and no test or source', () => {
  const options = { cwd: PACKAGE, encoding: 'utf8' }
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options))
  const modules = readdirSync(join(PACKAGE, 'src')).map((file) => file.replace(/\.ts$/, ''))
  const expected = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json']
  for (const name of modules) expected.push(`dist/${name}.d.ts`, `dist/${name}.js`)
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), expected.sort())
  assert.equal(packed.filename, `pointsman-nextjs-${manifest.version}.tgz`)
})

test('every entry that package.json names is there', () => {
  const leaves = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves))
  for (const path of [...leaves(manifest.exports), manifest.types]) assert.ok(existsSync(join(PACKAGE, path)), path)
})
