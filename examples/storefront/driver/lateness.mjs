// How late a process is in noticing what has happened, ms: the app in noticing the end of an answer, the doors in noticing
// bytes. On a busy machine both come late, and figures that depend on clocks may differ by so much and by no more. The
// app's side of it runs inside the app (lateness-witness.mjs).
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { handlerOf } from "./handlers.mjs";

/** The environment with which a Node.js program writes down how late it was, into files whose names begin with `file`. */
export function witnessed(file) {
  const witness = new URL("./lateness-witness.mjs", import.meta.url).href;
  return { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import ${witness}`.trim(), STOREFRONT_LATENESS: file };
}

/** Handler -> how late the app was with each of its answers, in ascending order. */
export function readLateness(file, actionNames) {
  const byHandler = {};
  const files = readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`));
  for (const line of files.flatMap((name) => readFileSync(join(dirname(file), name), "utf8").split("\n")).filter(Boolean)) {
    const { late, status, ...request } = JSON.parse(line);
    (byHandler[status === 404 ? "unmatched" : handlerOf(request, actionNames)] ??= []).push(late);
  }
  for (const all of Object.values(byHandler)) all.sort((a, b) => a - b);
  return byHandler;
}

/** The greatest lateness of all handlers; 0 when none is known. */
export function greatest(byHandler) {
  return Math.max(0, ...Object.values(byHandler).map((all) => all.at(-1)));
}

/**
 * How large the value at position q * (n - 1) of n sums can be at most, one of `values` and one of `late` in each, whichever
 * belong together: not more of them can be above a + b than there are `values` above a and `late` above b.
 */
export function mostOfSums(q, values, late) {
  const [own, other] = [values.toSorted((a, b) => a - b), late.toSorted((a, b) => a - b)];
  const rank = Math.floor(q * (own.length - 1));
  if (other.length < own.length) return own[rank] + other.at(-1);
  const sums = own.flatMap((value, at) => {
    const partner = other[other.length - 1 + rank - at];
    return partner === undefined ? [] : [value + partner];
  });
  return Math.min(...sums);
}

const everyMs = 10;

/** Watches this process, in which the doors are; `stop` returns its greatest delay. */
export function watchDoors() {
  const delay = monitorEventLoopDelay({ resolution: everyMs });
  delay.enable();
  return {
    stop: () => {
      delay.disable();
      return Math.max(0, Math.ceil(delay.max / 1e6 - everyMs));
    },
  };
}
