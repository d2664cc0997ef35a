#!/usr/bin/env node
// Makes the npm package of one platform from a program that is built: node scripts/platform-package.mjs TARGET PROGRAM FOLDER
// writes FOLDER/NAME/ and packs it; the last line of the output is the path of the tarball. TARGET is Rust's name, as in
// x86_64-unknown-linux-gnu. The release workflow runs it for each platform, a test for this one.

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGES } from '../lib/platform.js'

const cli = dirname(dirname(fileURLToPath(import.meta.url)))
const main = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8'))

/** Bytes that a released program may have: everyone who runs `npx pointsman` waits for them. */
export const MOST_BYTES = 25_000_000

/** The manifest of a platform's package. */
export function manifest(name) {
  const { os, cpu, libc, target } = PACKAGES[name]
  return {
    name,
    version: main.version,
    description: `The program of the package "pointsman" for ${target}`,
    license: main.license,
    ...(main.repository ? { repository: main.repository } : {}),
    os: [os],
    cpu: [cpu],
    ...(libc ? { libc: [libc] } : {}),
    // A program inside an archive cannot be run: Yarn's Plug'n'Play keeps packages in archives unless they ask for this.
    preferUnplugged: true,
    files: ['bin', 'LICENSE-APACHE', 'LICENSE-MIT'],
  }
}

/** Writes the package and packs it; the tarball's path. */
export function platformPackage(target, program, folder) {
  const name = Object.keys(PACKAGES).find((one) => PACKAGES[one].target === target)
  if (!name) throw new Error(`no package is for ${target}; there are: ${Object.values(PACKAGES).map((one) => one.target).join(', ')}`)
  const { size } = statSync(program)
  if (size > MOST_BYTES) throw new Error(`${program} has ${size} bytes, and a released program has at most ${MOST_BYTES}; what decides its size is in docs/release.md`)
  const root = join(folder, name.replace('/', '-').replace('@', ''))
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'bin'), { recursive: true })
  copyFileSync(program, join(root, 'bin', 'pointsman'))
  chmodSync(join(root, 'bin', 'pointsman'), 0o755)
  for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(join(cli, licence), join(root, licence))
  writeFileSync(join(root, 'README.md'), `# ${name}\n\nThe program of the package "pointsman" for ${target}. Install \`pointsman\`, which chooses.\n`)
  writeFileSync(join(root, 'package.json'), `${JSON.stringify(manifest(name), null, 2)}\n`)
  return pack(root, folder)
}

/** Packs a package; the tarball's path. */
export function pack(root, folder) {
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', resolve(folder)], { cwd: root, encoding: 'utf8' })
  const packed = JSON.parse(said)
  const [{ filename }] = Array.isArray(packed) ? packed : Object.values(packed)
  return join(resolve(folder), filename.replace('@', '').replace('/', '-'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [target, program, folder] = process.argv.slice(2)
  if (!folder) {
    console.error('node scripts/platform-package.mjs TARGET PROGRAM FOLDER')
    process.exit(2)
  }
  mkdirSync(folder, { recursive: true })
  console.log(platformPackage(target, resolve(program), resolve(folder)))
}
