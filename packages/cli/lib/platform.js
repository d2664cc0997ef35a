// Which package holds the program for this machine. Each platform has one of its own, of which a package manager installs only
// those that fit (`os`, `cpu`, `libc`); managers that do not know `libc` install both, so the choice is made here again.

import { createRequire } from 'node:module'

/** Package -> what it is for. scripts/platform-package.mjs makes them. */
export const PACKAGES = {
  '@pointsman/cli-darwin-arm64': { target: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
  '@pointsman/cli-darwin-x64': { target: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
  '@pointsman/cli-linux-arm64-gnu': { target: 'aarch64-unknown-linux-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  '@pointsman/cli-linux-arm64-musl': { target: 'aarch64-unknown-linux-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  '@pointsman/cli-linux-x64-gnu': { target: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  '@pointsman/cli-linux-x64-musl': { target: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
}

/** What the program for glibc asks for: Ubuntu 22.04, Debian 12 and RHEL 10 have it. The one for musl asks for nothing. */
export const OLDEST_GLIBC = '2.35'

const require = createRequire(import.meta.url)

/** `program`, or the `problem` in one line. */
export function findProgram(machine = thisMachine(), resolve = require.resolve) {
  const fitting = candidates(machine)
  if (fitting.length === 0) {
    return { problem: `there is no build for ${machine.os} on ${machine.cpu}; there are builds for Linux and macOS on x64 and arm64` }
  }
  for (const name of fitting) {
    try {
      return { program: resolve(`${name}/bin/pointsman`) }
    } catch {
      // not installed
    }
  }
  return { problem: missing(fitting, machine) }
}

/** The packages whose program runs here, the best first. */
export function candidates({ os, cpu, glibc }) {
  const isNewEnough = glibc !== undefined && compare(glibc, OLDEST_GLIBC) >= 0
  return Object.entries(PACKAGES)
    .filter(([, of]) => of.os === os && of.cpu === cpu && (of.libc !== 'glibc' || isNewEnough))
    .map(([name]) => name)
}

function missing(fitting, { glibc }) {
  const old = glibc !== undefined && compare(glibc, OLDEST_GLIBC) < 0
  if (old) {
    return `this machine's glibc is ${glibc}, and the program asks for ${OLDEST_GLIBC}; the build that asks for none is not installed: npm install --no-save --force ${fitting[0]}`
  }
  return (
    `the package ${fitting[0]} is not installed, which holds the program for this platform. ` +
    'Install again without --omit=optional (or --no-optional), and not with a node_modules of another platform'
  )
}

function thisMachine() {
  return { os: process.platform, cpu: process.arch, glibc: process.platform === 'linux' ? glibcVersion() : undefined }
}

/** The version of glibc that Node.js runs on; nothing on musl. */
function glibcVersion() {
  // Without this the report asks for the names of all connected hosts.
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime
}

/** Versions by their numbers: 2.9 is older than 2.35. */
function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  return left[0] - right[0] || left[1] - right[1]
}
