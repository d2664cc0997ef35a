// CPU time of a process from the kernel's scheduler: to the nanosecond, all threads, without asking the process. Linux only.

import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds that all living threads of the process have run. Those of Node.js live as long as it does. */
export function cpuMs(pid) {
  let ns = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ', 1)[0])
    } catch {
      // a thread that has just ended
    }
  }
  return ns / 1e6
}
