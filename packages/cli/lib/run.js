// Runs the program in the place of this process. Where Node.js can (22.15 and later), this process becomes the program; else it
// stands in front of it: it passes signals on and ends as the program ends.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']

export function run(program, args) {
  if (typeof process.execve === 'function' && process.env.POINTSMAN_LAUNCHER !== 'spawn') {
    process.execve(program, [program, ...args], environment())
  } else {
    standInFor(program, args)
  }
}

function standInFor(program, args) {
  const child = spawn(program, args, { stdio: 'inherit', env: environment() })
  child.once('error', (error) => {
    process.stderr.write(`pointsman: ${program} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  for (const signal of PASSED_ON) {
    process.on(signal, () => {
      // Ctrl-C and Ctrl-\ reach everything in the terminal's foreground. Passed on they would come twice, and a second one
      // means "end at once".
      if (!(comesFromTerminal(signal) && isInForeground())) child.kill(signal)
    })
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function comesFromTerminal(signal) {
  return signal === 'SIGINT' || signal === 'SIGQUIT'
}

/** Whether this process's group is the one that the terminal's keys reach. */
function isInForeground() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')
    const [group, foreground] = [fields[2], fields[5]]
    return group === foreground
  } catch {
    return process.stdin.isTTY === true
  }
}

/** The launcher's own variable is none of the daemon's, which warns about those that it does not know. */
function environment() {
  const { POINTSMAN_LAUNCHER: _own, ...rest } = process.env
  return rest
}
