#!/usr/bin/env node
// `make prove`: are promises kept? The shop as it stands and the shop with three moves made, the same people in both, far
// enough away that a round trip costs something. What Pointsman promises of the first run is held against the second.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOrInstallChromium } from "./chromium.mjs";
import { findPointsman } from "./pointsman.mjs";
import { compareRuns } from "./promises.mjs";
import { playProofRun } from "./proof-run.mjs";
import { proofConfig } from "./proof-config.mjs";
import { asTable } from "./proof-table.mjs";

const traffic = {
  seed: setting("PROVE_SEED", 1),
  roundTripMs: setting("PROVE_ROUND_TRIP_MS", 60),
  people: setting("PROVE_PEOPLE", 4),
  atOnce: setting("PROVE_AT_ONCE", 2),
  // Four such people press, open and compare 48 times each.
  plan: { addOneThing: 12, desk: 12, compare: 3 },
};

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) process.on(signal, () => process.exit(code));

const chromium = findOrInstallChromium(console.log);
if (!chromium) {
  console.error("the proof needs a Chromium: apt-get install chromium-headless-shell, or name one in CHROMIUM");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "pointsman-prove-"));
const pointsman = { binary: findPointsman("debug"), config: proofConfig(folder, traffic) };

try {
  process.exitCode = (await prove()) ? 0 : 1;
} catch (error) {
  console.error(`The proof failed: ${error.message}\nThe databases and the logs are left in ${folder}`);
  process.exitCode = 1;
}

async function prove() {
  const before = await run("as it stands", false);
  const after = await run("with three moves made", true);
  const rows = compareRuns(before, after);
  console.log(`\n${asTable(rows, traffic)}`);
  const failures = [...before.failures, ...after.failures];
  for (const text of failures) console.error(`Did not work: ${text}`);
  const isKept = failures.length === 0 && rows.every(({ faults }) => faults.length === 0);
  console.log(isKept ? "Every promise was kept." : `Not every promise was kept; both runs and their databases are left in ${folder}`);
  if (isKept) rmSync(folder, { recursive: true, force: true });
  return isKept;
}

async function run(text, moved) {
  const beganAt = Date.now();
  const own = mkdtempSync(join(folder, moved ? "moved-" : "standing-"));
  const lived = await playProofRun({ folder: own, moved, chromium, pointsman, ...traffic });
  writeFileSync(join(own, "run.json"), JSON.stringify(lived, null, 2));
  console.log(`The shop ${text}: ${lived.interactions.length} interactions timed, ${lived.rows.length} requests, ${Math.round((Date.now() - beganAt) / 1000)} s.`);
  return lived;
}

function setting(name, otherwise) {
  const number = Number(process.env[name] ?? otherwise);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`${name} must be a whole number above 0, not ${process.env[name]}`);
  process.exit(2);
}
