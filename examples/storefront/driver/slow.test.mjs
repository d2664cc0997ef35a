// The same people as in the end-to-end test, but each with a slow device on a slow network (browser.mjs): whatever is said
// of a handler must be what is said of it otherwise; that the evidence does not suffice may be said instead. Takes some
// ten minutes. SEED chooses the people.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { agreement, expected, handlerOfRow, nameOf, strangers, turned } from "./agreement.mjs";
import { findChromium } from "./chromium.mjs";
import { defaults, drive, summary } from "./drive.mjs";
import { findPointsman, startPointsman, untilJudged } from "./pointsman.mjs";
import { freePort } from "./process.mjs";
import { startStorefront } from "./storefront.mjs";

const seed = Number(process.env.SEED ?? defaults.seed);
/** More at the same time would be slower than is meant: each keeps a processor busy. */
const atOnce = 3;

let folder, pointsman, app, truth, report;

before(async () => {
  const chromium = findChromium();
  assert.ok(chromium, "this test needs a Chromium: apt-get install chromium-headless-shell, or name one in CHROMIUM");
  folder = mkdtempSync(join(tmpdir(), "pointsman-slow-"));
  const ports = { grpc: await freePort(), http: await freePort(), pages: await freePort() };
  pointsman = await startPointsman({ binary: findPointsman("debug"), folder, ports });
  app = await startStorefront({ port: await freePort(), otlp: pointsman.otlp, logFile: join(folder, "storefront.log") });
  console.log(`seed ${seed}; database and logs are in ${folder}`);
  truth = await drive({ baseUrl: app.baseUrl, chromium, seed, atOnce, slow: true });
  console.log(summary(truth));
  await untilJudged(pointsman);
  report = JSON.parse(await pointsman.run("report", "--format", "json", "--until", "last"));
  writeFileSync(join(folder, "truth.json"), JSON.stringify(truth, null, 2));
  writeFileSync(join(folder, "report.json"), JSON.stringify(report, null, 2));
  console.log(agreement(report).text);
});

let passed = true;
after(async () => {
  await app?.stop({ atOnce: true });
  await pointsman?.stop();
  if (passed && folder) rmSync(folder, { recursive: true, force: true });
});

/** As `test`, but the database of a failed run stays for whoever looks into it. */
function check(name, body) {
  test(name, async (context) => {
    try {
      await body(context);
    } catch (error) {
      passed = false;
      throw error;
    }
  });
}

for (const row of expected) {
  check(`${nameOf(row)}: ${row.verdict}, or not enough evidence`, () => {
    assert.deepEqual(turned(row, handlerOfRow(report, row)), []);
  });
}

check("a judge who says nothing turns nothing: most moves are advised even so", () => {
  const moves = expected.filter(({ verdict }) => verdict.startsWith("move_to_"));
  const advised = moves.filter((row) => handlerOfRow(report, row)?.verdict === row.verdict);
  assert.ok(advised.length > moves.length / 2, `only ${advised.length} of ${moves.length} moves were advised`);
});

check("no handler is reported that the storefront does not have", () => {
  assert.deepEqual(strangers(report), []);
});
