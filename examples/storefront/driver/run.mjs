#!/usr/bin/env node
// The command line: start the storefront, drive it, stop it; or drive one that already runs (--base-url).
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findChromium } from "./chromium.mjs";
import { defaults, drive, summary } from "./drive.mjs";
import { startStorefront } from "./storefront.mjs";

const usage = `node driver/run.mjs [options]
  --otlp URL       where the app sends its spans (OTLP/HTTP); without it nothing is exported
  --port N         port for the app to start on (3100)
  --base-url URL   drive an app that already runs, instead of starting one; use 127.0.0.1, not localhost
  --seed N         which people come, and what they do (${defaults.seed})
  --people N       how many people with browsers (${defaults.people})
  --at-once N      how many of them at the same time (${defaults.atOnce})
  --no-browser     HTTP clients only; says what is left out
  --truth FILE     write what was done as JSON
  --log FILE       where the app's output goes (.demo/storefront.log)`;

const { values } = parseArgs({
  options: {
    otlp: { type: "string" }, port: { type: "string", default: "3100" }, "base-url": { type: "string" },
    seed: { type: "string", default: String(defaults.seed) }, people: { type: "string", default: String(defaults.people) },
    "at-once": { type: "string", default: String(defaults.atOnce) }, "no-browser": { type: "boolean", default: false },
    truth: { type: "string" }, log: { type: "string" }, help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(usage);
  process.exit(0);
}

function wholeNumber(name) {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number > 0) return number;
  console.error(`--${name} must be a whole number above 0, not ${values[name]}`);
  process.exit(2);
}

const chromium = values["no-browser"] ? null : findChromium();
if (!chromium && !values["no-browser"]) {
  console.error("no Chromium found; install one, name it in CHROMIUM, or use --no-browser");
  process.exit(2);
}
const app = values["base-url"] ? null : await startStorefront({ port: wholeNumber("port"), otlp: values.otlp, ...(values.log && { logFile: values.log }) });
let truth;
try {
  truth = await drive({
    baseUrl: values["base-url"]?.replace(/\/$/, "") ?? app.baseUrl,
    seed: wholeNumber("seed"), people: wholeNumber("people"), atOnce: wholeNumber("at-once"), chromium,
  });
} finally {
  if (app) console.log(`the app ended with ${await app.stop()}`);
}
if (values.truth) writeFileSync(values.truth, `${JSON.stringify(truth, null, 2)}\n`);
console.log(summary(truth));
process.exitCode = truth.failures.length > 0 ? 1 : 0;
