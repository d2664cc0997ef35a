#!/usr/bin/env node
// Finds the program of this platform and becomes it, or stands in for it: arguments, standard streams, signals and the exit
// code pass through. Which package holds the program is in lib/platform.js.

import { findProgram } from '../lib/platform.js'
import { run } from '../lib/run.js'

const { program, problem } = findProgram()
if (program === undefined) {
  process.stderr.write(`pointsman: ${problem}\n`)
  process.exitCode = 1
} else {
  run(program, process.argv.slice(2))
}
