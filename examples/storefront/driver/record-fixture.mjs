#!/usr/bin/env node
// `npm run record:fixture`: one run of the storefront as it is committed under fixtures/: the spans it sent, and the truth
// with its log of requests. Nothing else is needed to hold Pointsman's figures against what really happened.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { findChromium } from "./chromium.mjs";
import { defaults, drive, summary } from "./drive.mjs";
import { found } from "./kept.mjs";
import { freePort } from "./process.mjs";
import { startRecorder } from "./record.mjs";
import { recordedRun } from "./recorded-run.mjs";
import { startStorefront } from "./storefront.mjs";

// Fewer at a time than in the demo: the less the machine has to do, the less the clocks at both ends differ.
const atOnce = 4;
const hourMs = 3_600_000;

const chromium = findChromium();
if (!chromium) throw new Error("recording needs a Chromium: apt-get install chromium-headless-shell, or name one in CHROMIUM");
const folder = mkdtempSync(join(tmpdir(), "storefront-fixture-"));
const recording = join(folder, "recording.jsonl");
const recorder = await startRecorder({ file: recording });
const app = await startStorefront({ port: await freePort(), otlp: recorder.url, logFile: join(folder, "storefront.log") });
const truth = await drive({ baseUrl: app.baseUrl, chromium, atOnce, seed: defaults.seed });
await app.stop();
await recorder.close();
console.log(summary(truth));
if (truth.failures.length + truth.leftOut.length > 0) throw new Error("not all of the plan was played; record on a quieter machine");

const written = JSON.parse(JSON.stringify(truth));
const shift = toFullHour(Date.parse(written.started_at), Date.parse(written.ended_at));
const spans = later(readFileSync(recording, "utf8"), shift);
const moved = { ...written, started_at: at(written.started_at, shift), ended_at: at(written.ended_at, shift) };
const told = JSON.stringify(moved);
const secrets = found(truth.secrets, [["the truth", Buffer.from(told)]]);
if (secrets.length > 0) throw new Error(`the truth tells secrets: ${secrets.join("; ")}`);
compress(spans, recordedRun.spans);
writeFileSync(recordedRun.truth, gzipSync(told, { level: 9 }));
rmSync(folder, { recursive: true });
console.log(`${recorder.counted.spans} spans are in ${recordedRun.spans}, the truth is in ${recordedRun.truth}`);

/** Back in time by less than an hour, so that a full hour falls into the middle of the run: figures are summed over hours. */
function toFullHour(from, to) {
  const middle = Math.round((from + to) / 2);
  return -(middle % hourMs);
}

function at(time, milliseconds) {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}

function later(text, milliseconds) {
  return text.replace(/("(?:start|end)?[tT]imeUnixNano":")(\d+)"/g, (_, name, time) => `${name}${BigInt(time) + BigInt(milliseconds) * 1_000_000n}"`);
}

/** As the other recordings are. Node 20 does not speak zstd, so the command does. */
function compress(text, file) {
  const plain = join(folder, "plain");
  writeFileSync(plain, text);
  const { status, error, stderr } = spawnSync("zstd", ["-19", "-q", "-f", plain, "-o", file], { encoding: "utf8" });
  if (status !== 0) throw new Error(`zstd cannot write ${file}: ${error?.message ?? stderr}`);
}
