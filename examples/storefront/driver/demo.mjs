#!/usr/bin/env node
// `make demo`: Pointsman and the storefront on this machine, two minutes of traffic, and the report. Then everything
// stays open until Ctrl-C, or with DEMO_ONCE=1 ends. Builds nothing: that is the Makefile's part. It ends well whenever it
// could show a report; how far that report is the expected one is said below it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agreement } from "./agreement.mjs";
import { findOrInstallChromium } from "./chromium.mjs";
import { defaults, drive } from "./drive.mjs";
import { findPointsman, startPointsman, untilJudged } from "./pointsman.mjs";
import { isFree } from "./process.mjs";
import { openProgress } from "./progress.mjs";
import { startStorefront } from "./storefront.mjs";
import { usualSeconds, verdictNotes } from "./verdict-notes.mjs";

const ports = { grpc: 4317, http: 4318, pages: 4400, app: 3100 };
const portUses = { grpc: "OTLP over gRPC", http: "OTLP over HTTP", pages: "Pointsman's pages", app: "the storefront" };
const endsByItself = process.env.DEMO_ONCE === "1";
const seed = Number(process.env.DEMO_SEED ?? defaults.seed);

const beganAt = Date.now();
const progress = openProgress();
const started = [];
let folder;
let isEnding = false;
let hasReported = false;

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) process.on(signal, () => end(hasReported ? 0 : code));

try {
  await play();
  if (endsByItself) await end(0);
} catch (error) {
  if (!isEnding) {
    progress.settle();
    console.error(`The demo failed: ${error.message}`);
    await end(1);
  }
}

async function play() {
  await assertPortsFree();
  const chromium = findOrInstallChromium(say);
  folder = mkdtempSync(join(tmpdir(), "pointsman-demo-"));
  const pointsman = await startPointsman({ binary: findPointsman("demo"), folder, ports });
  started.unshift(pointsman);
  const app = await startStorefront({ port: ports.app, otlp: pointsman.otlp, logFile: join(folder, "storefront.log") });
  started.unshift(app);
  say(`Pointsman is up (${pointsman.pages}/), and so is the storefront that it watches (${app.baseUrl}/).`);
  await showReport(pointsman, await driveWithOrWithout(chromium, app.baseUrl));
}

async function assertPortsFree() {
  for (const [use, port] of Object.entries(ports)) {
    if (!(await isFree(port))) throw new Error(`port ${port}, for ${portUses[use]}, is in use: stop what listens there, and run make demo again`);
  }
}

/** A browser that is installed may still not start; then the machines play alone, as without one. */
async function driveWithOrWithout(chromium, baseUrl) {
  say(chromium ? `Now people and machines use it (${chromium}, seed ${seed}); on two free cores that takes about ${usualSeconds} s.` : "Now machines use it.");
  try {
    return await drive({ baseUrl, chromium, seed, move });
  } catch (error) {
    if (!chromium || isEnding) throw error;
    say(`${chromium} does not start (${error.message.split("\n")[0]}); going on without it.`);
    return drive({ baseUrl, chromium: null, seed, move });
  }
}

async function showReport(pointsman, truth) {
  const { seconds } = truth.toJSON();
  progress.settle();
  say(`Drove ${truth.requests()} requests in ${Math.round(seconds)} s.`);
  for (const text of truth.leftOut) say(`Left out: ${text}.`);
  for (const text of truth.failures) say(`Did not work: ${text}`);
  await waitUntilJudged(pointsman);
  say(`\n${await pointsman.run("report", "--until", "last")}`);

  const compared = agreement(JSON.parse(await pointsman.run("report", "--until", "last", "--format", "json")), { calledOnly: truth.leftOut.length > 0 });
  for (const line of verdictNotes(compared, truth)) say(line);
  say(`From the start to this report it took ${Math.round((Date.now() - beganAt) / 1000)} s.`);
  if (!endsByItself) say(`Open ${pointsman.pages}/ for the report. The database is ${pointsman.db}. Ctrl-C stops everything and removes it.`);
  hasReported = true;
}

/** A machine so busy that spans still arrive has a report to show all the same. */
async function waitUntilJudged(pointsman) {
  try {
    await untilJudged(pointsman, { move });
  } catch (error) {
    say(`${error.message}; the report is of what has arrived so far.`);
  } finally {
    progress.settle();
  }
}

/** Stops everything, the app before the daemon that it sends to. A second signal finds it already at work. */
async function end(code) {
  if (isEnding) return;
  isEnding = true;
  progress.settle();
  if (started.length > 0) console.log("\nStopping the storefront and Pointsman.");
  for (const each of started) await each.stop({ atOnce: true });
  if (folder && (code === 0 || code > 128)) rmSync(folder, { recursive: true, force: true });
  else if (folder) console.error(`The database and the logs are left in ${folder}`);
  process.exit(code);
}

function say(text) {
  if (!isEnding) progress.say(text);
}

function move(text) {
  if (!isEnding) progress.move(text);
}
