// A program that runs beside the driver: started in a process group of its own, with its output in a file, and stopped
// for certain. Which programs these are is in storefront.mjs and pointsman.mjs.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";

const running = new Set();
// However this process ends, nothing that it started stays behind.
process.on("exit", () => running.forEach((child) => signalGroup(child, "SIGKILL")));

/** An own process group, so that a terminal's Ctrl-C reaches this process alone and it can stop the others in order. */
export function startProcess(command, args, { logFile, ...options }) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "w");
  const child = spawn(command, args, { ...options, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  running.add(child);
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? code));
  }).finally(() => running.delete(child));
  return {
    pid: child.pid,
    ended,
    isRunning: () => running.has(child),
    lastWords: () => readFileSync(logFile, "utf8").slice(-2_000).trim(),
    /** SIGTERM, so that it can finish; SIGKILL when that takes too long. Returns how it ended. */
    async stop(patience = 10_000) {
      if (running.has(child)) child.kill("SIGTERM");
      const hurry = setTimeout(() => signalGroup(child, "SIGKILL"), patience);
      const how = await ended;
      clearTimeout(hurry);
      return how;
    },
  };
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended in the meantime, or never started.
  }
}

/** Whether nobody listens on this port of 127.0.0.1. */
export function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** A port that nobody listens on at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
