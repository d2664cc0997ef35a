// The whole path on a real app: people and machines use the storefront, the package tells of it, the daemon keeps and
// judges it. Every handler must be judged as expected.json has it, and nothing may be kept that is nobody's business.
// How the verdicts are compared is in agreement.mjs; what is looked for on disk in kept.mjs. SEED chooses the people.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { agreement, differences, expected, handlerOfRow, nameOf, strangers } from "./agreement.mjs";
import { findChromium } from "./chromium.mjs";
import { defaults, drive, summary } from "./drive.mjs";
import { compare } from "./figures-table.mjs";
import { readActionNames } from "./handlers.mjs";
import { send } from "./http-client.mjs";
import { everythingKept, found } from "./kept.mjs";
import { readLateness, witnessed } from "./lateness.mjs";
import { findPointsman, startPointsman, untilJudged } from "./pointsman.mjs";
import { freePort } from "./process.mjs";
import { startStorefront, storefrontFolder } from "./storefront.mjs";

const seed = Number(process.env.SEED ?? defaults.seed);
// A person's visit that fails on a busy machine costs a few calls; more than this, and the run is not what was planned.
const failuresBorne = 4;
// Of the calls of a handler; what is known less exactly than by counting may be off by this.
const tolerance = 0.05;

let folder, pointsman, app, truth, report;

before(async () => {
  const chromium = findChromium();
  assert.ok(chromium, "this test needs a Chromium: apt-get install chromium-headless-shell, or name one in CHROMIUM");
  folder = mkdtempSync(join(tmpdir(), "pointsman-end-to-end-"));
  const ports = { grpc: await freePort(), http: await freePort(), pages: await freePort() };
  pointsman = await startPointsman({ binary: findPointsman("debug"), folder, ports });
  app = await startStorefront({ port: await freePort(), otlp: pointsman.otlp, logFile: join(folder, "storefront.log"), env: witnessed(join(folder, "lateness")) });
  console.log(`seed ${seed}; database and logs are in ${folder}`);
  truth = await drive({ baseUrl: app.baseUrl, chromium, seed });
  console.log(summary(truth));
  await untilJudged(pointsman);
  truth.lateness.app = readLateness(join(folder, "lateness"), readActionNames(storefrontFolder));
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

check("the plan was played", () => {
  assert.ok(truth.failures.length <= failuresBorne, truth.failures.join("\n"));
  assert.deepEqual(truth.leftOut, []);
});

for (const row of expected) {
  check(`${nameOf(row)}: ${[row.verdict, ...row.blockers, ...row.improvements].join(", ")}`, () => {
    assert.deepEqual(differences(row, handlerOfRow(report, row)), []);
  });
}

check("no handler is reported that the storefront does not have", () => {
  assert.deepEqual(strangers(report), []);
});

for (const row of expected) {
  check(`${nameOf(row)}: as many calls as there were`, () => {
    const { least, most } = callsPossible(row);
    const { calls } = handlerOfRow(report, row);
    assert.ok(calls >= least && calls <= most, `${calls} calls reported; there were ${least === most ? least : `${least} to ${most}`}`);
  });
}

/** What the truth cannot know is named here; everything else is exact. */
function callsPossible(row) {
  const name = nameOf(row);
  // A request that the browser gave up may have reached the app or not.
  const givenUp = Object.values(truth.calls[name] ?? {}).reduce((sum, outcomes) => sum + (outcomes.aborted ?? 0), 0);
  const most = truth.callsOf(name);
  // The shop window's links are prefetched; the browser does not tell of one that a next click cuts short.
  const cutShort = truth.pageLoads[row.route]?.prefetch ? Math.ceil(truth.callsOf(name) * tolerance) : 0;
  return { least: truth.callsOf(name) - givenUp, most: most + cutShort };
}

check("callers are those who called", () => {
  for (const row of expected) {
    const name = nameOf(row);
    for (const [caller, outcomes] of Object.entries(truth.calls[name] ?? {})) {
      const there = Object.values(outcomes).reduce((sum, count) => sum + count, 0) / truth.callsOf(name);
      const reported = handlerOfRow(report, row).callers[caller] ?? 0;
      assert.ok(Math.abs(there - reported) <= tolerance, `${name}: ${caller} was ${there.toFixed(3)} of calls, reported as ${reported.toFixed(3)}`);
    }
  }
});

check("every measured figure is the truth's, within its stated error", async () => {
  const written = JSON.parse(JSON.stringify(truth));
  const { text, faults } = compare(written, JSON.parse(await pointsman.run("explain", "--format", "json", "--until", "last")));
  console.log(text);
  assert.deepEqual(faults, []);
});

check("the report has the fields that others build on", () => {
  assert.equal(report.schema, "pointsman.report/v1");
  assert.equal(report.service, "storefront");
  assert.equal(report.environment, "production");
  assert.ok(Date.parse(report.generated_at) && Date.parse(report.window.from) < Date.parse(report.window.to));
  const ofHandler = [
    "id", "kind", "route", "method", "action", "file", "calls", "calls_per_day", "callers", "verdict", "confidence", "state", "blockers",
    "improvements", "evidence", "benefit", "effort", "steps", "needs",
  ];
  const ofEvidence = ["rule", "kind", "weight", "observed", "interval", "threshold", "samples", "text", "flips_if", "exemplars"];
  const ofBenefit = ["round_trips_per_day", "ms_per_interaction_p50", "bytes_per_day", "origin_requests_per_day", "interval"];
  const has = (object, fields, where) => {
    for (const field of fields) assert.ok(field in object, `${where} lacks ${field}`);
  };
  for (const handler of report.handlers) {
    const name = nameOf(handler);
    has(handler, ofHandler, name);
    assert.match(handler.id, /^[0-9a-f]{16}$/);
    for (const row of handler.evidence) has(row, ofEvidence, `the evidence of ${name}`);
    if (!handler.verdict.startsWith("move_to_")) continue;
    has(handler.benefit, ofBenefit, `the benefit of ${name}`);
    assert.ok(handler.steps.length > 0 && handler.effort && handler.confidence > 0 && handler.state, `${name} is to be moved without saying how`);
  }
});

check("the report fits on a screen, and says that minimums are lowered", async () => {
  const text = await pointsman.run("report", "--until", "last");
  assert.match(text, /4 thresholds differ from their defaults/);
  assert.ok(text.split("\n").length <= 71, `${text.split("\n").length} lines`);
  for (const { id, title } of report.changes) assert.ok(text.includes(id), `${title} is not in the text`);
});

check("the full text says that minimums are lowered, and names every handler", async () => {
  const text = await pointsman.run("report", "--full", "--until", "last");
  assert.match(text, /4 thresholds differ from their defaults/);
  for (const row of expected) assert.ok(text.includes(row.action?.split("#")[1] ?? row.route), `${nameOf(row)} is not in the text`);
});

check("doctor misses nothing", async () => {
  const text = await pointsman.run("doctor", "--until", "last");
  assert.match(text, /Nothing is missing/);
  assert.doesNotMatch(text, /MISSING/);
});

check("every exemplar is a trace that can be shown", async () => {
  const cited = report.handlers.map(({ evidence }) => evidence.flatMap(({ exemplars }) => exemplars)[0]).filter(Boolean);
  assert.ok(cited.length >= 15, `only ${cited.length} handlers have exemplars`);
  for (const id of cited) assert.match(await pointsman.run("trace", id), new RegExp(`^trace ${id}, \\d+ spans\n.+\n.+@pointsman/nextjs`));
});

check("the page shows every handler", async () => {
  const { status, body } = await send(`${pointsman.pages}/`);
  assert.equal(status, 200);
  for (const row of expected) assert.ok(body.includes(row.action?.split("#")[1] ?? row.route), `${nameOf(row)} is not on the page`);
});

check("metrics are well-formed", async (context) => {
  const { status, body } = await send(`${pointsman.pages}/metrics`);
  assert.equal(status, 200);
  assert.match(body, /^pointsman_recommendations\{.*verdict="move_to_server_action".*\} 1$/m);
  const promtool = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
  if (promtool.error) return context.diagnostic("promtool is not installed: not checked by it");
  assert.equal(promtool.status, 0, promtool.stdout + promtool.stderr);
});

check("nothing is kept or said of cookies, tokens, signatures, query values and addresses", async (context) => {
  const kinds = new Set(truth.secrets.values());
  for (const kind of ["the cookie sid", "a bearer token", "a signature", "an address", "an address of e-mail", "the query value of state"]) {
    assert.ok(kinds.has(kind), `the run used no such secret: ${kind}`);
  }
  const kept = await everythingKept({ pointsman, report, folder });
  for (const text of kept.leftOut) context.diagnostic(text);
  assert.deepEqual(found(truth.secrets, [...kept.places, ["the truth", Buffer.from(JSON.stringify(truth))]]), []);
});
