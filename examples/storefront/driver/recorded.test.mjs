// Each figure that Pointsman measures on the recorded run of the storefront, against the truth of that run, as a table. The
// binary and its command line are real; nothing is started but them. How the run was recorded: fixtures/README.md.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { labelledCalls } from "./figures.mjs";
import { compare } from "./figures-table.mjs";
import { findPointsman, runPointsman } from "./pointsman.mjs";
import { readTruth, recordedRun } from "./recorded-run.mjs";
import { rowsOf } from "./request-log.mjs";

// Before anybody is measured by the log: does it show what people set out to do?
test("the log of the recorded run shows each sequence as often as people caused it", () => {
  const { log, interactions } = readTruth();
  const labels = labelledCalls(rowsOf(log).map((row, number) => ({ ...row, number })));
  const seen = (label, ...handlers) => handlers.reduce((sum, handler) => sum + (labels.get(handler)?.get(label)?.size ?? 0), 0);
  const action = (name) => `actions/${name}.ts#${name}`;
  const intended = [
    ["cart-then-refresh", "times", seen("refresh", "POST /api/cart")],
    ["order-then-refresh", "times", seen("refresh", "POST /api/orders")],
    ["favourite-then-needless-refresh", "times", seen("refresh", action("toggleFavorite"))],
    ["clear-cart-burst", "times", seen("burst", action("removeItem"))],
    ["clear-cart-burst", "calls", seen("in_burst", action("removeItem"))],
    ["compare-burst", "calls", seen("in_burst", ...["getPrice", "getStock", "getShipping"].map(action))],
    ["dashboard-reads-on-load", "calls", seen("in_burst", ...["getProfile", "getRecommendations", "getNotifications"].map(action))],
    ["order-status-polling", "times", seen("poll", action("getOrderStatus"))],
    ["order-status-polling", "calls", seen("polled", action("getOrderStatus"))],
  ];
  for (const [name, what, count] of intended) assert.equal(count, interactions[name][what], `${name}, ${what}`);
});

test("every figure of the recorded run is the truth's, within its stated error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pointsman-recorded-"));
  try {
    const pointsman = (...args) => runPointsman(findPointsman("debug"), join(folder, "pointsman.db"), args);
    await pointsman("replay", recordedRun.spans);
    const { text, faults } = compare(readTruth(), JSON.parse(await pointsman("explain", "--format", "json", "--until", "last")));
    console.log(text);
    assert.deepEqual(faults, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
