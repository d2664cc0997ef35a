// The packages as they are published: what is in them, and that the launcher, the platforms and the release know the same ones.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PACKAGES } from '../lib/platform.js'
import { manifest, MOST_BYTES, pack, platformPackage } from '../scripts/platform-package.mjs'

const cli = dirname(dirname(fileURLToPath(import.meta.url)))
const main = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8'))

test('the package asks for every platform in its own version', () => {
  assert.deepEqual(main.optionalDependencies, Object.fromEntries(Object.keys(PACKAGES).map((name) => [name, main.version])))
})

test('nothing runs when it is installed, and nothing else is brought along', () => {
  const scripts = Object.keys(main.scripts).filter((name) => /install|prepare|prepack|postpack/.test(name))
  assert.deepEqual([scripts, main.dependencies], [[], undefined])
})

test('a platform says where it fits', () => {
  const { os, cpu, libc, preferUnplugged } = manifest('@pointsman/cli-linux-x64-musl')
  assert.deepEqual({ os, cpu, libc, preferUnplugged }, { os: ['linux'], cpu: ['x64'], libc: ['musl'], preferUnplugged: true })
  assert.equal(manifest('@pointsman/cli-darwin-arm64').libc, undefined)
})

test('both tarballs hold what they should, and no program that is too large', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pointsman-pack-'))
  try {
    const program = join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o600 })
    const members = (tarball) => execFileSync('tar', ['tzvf', tarball], { encoding: 'utf8' }).trim().split('\n')
    const platform = members(platformPackage('x86_64-unknown-linux-gnu', program, folder))
    const names = (lines) => lines.map((line) => line.split(' ').at(-1).replace('package/', '')).sort()
    assert.deepEqual(names(platform), ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'bin/pointsman', 'package.json'])
    assert.match(platform.find((line) => line.endsWith('bin/pointsman')), /^-rwxr-xr-x/)
    truncateSync(program, MOST_BYTES + 1)
    assert.throws(() => platformPackage('x86_64-unknown-linux-gnu', program, folder), /25000001 bytes, and a released program has at most 25000000/)
    assert.deepEqual(names(members(pack(cli, folder))), ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'bin/pointsman.js', 'lib/platform.js', 'lib/run.js', 'package.json'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
