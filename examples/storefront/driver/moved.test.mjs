// Both versions of the three moved handlers, in a browser: the same people get the same to see, by fewer round trips.
// How much waiting that spares, and what Pointsman promises of it, is the business of prove.mjs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findChromium } from "./chromium.mjs";
import { moves } from "./promises.mjs";
import { playProofRun } from "./proof-run.mjs";

const folder = mkdtempSync(join(tmpdir(), "storefront-moved-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const traffic = { roundTripMs: 60, seed: 1, people: 2, atOnce: 2, plan: { addOneThing: 2, desk: 2, compare: 1 } };
const times = { "add to the cart": 4, "open the desk": 4, "compare two products": 8 };

for (const { moved, roundTrips } of [
  { moved: false, roundTrips: { "add to the cart": 2, "compare two products": 3, "open the desk": 4 } },
  { moved: true, roundTrips: { "add to the cart": 1, "compare two products": 1, "open the desk": 1 } },
]) {
  test(`round trips ${moved ? "with the three moves made" : "as the shop stands"}`, async () => {
    const chromium = findChromium();
    assert.ok(chromium, "this test needs a Chromium: apt-get install chromium-headless-shell, or name one in CHROMIUM");
    const { interactions, rows, failures } = await playProofRun({ folder, moved, chromium, pointsman: null, ...traffic });
    assert.deepEqual(failures, []);
    for (const { what, moves: from, to } of moves) {
      const lived = interactions.filter((each) => each.what === what).map((each) => each.roundTrips);
      assert.deepEqual(lived, Array(times[what]).fill(roundTrips[what]), what);
      const asked = new Set(rows.map(({ handler }) => handler));
      for (const handler of from) assert.equal(asked.has(handler), !moved, handler);
      for (const handler of to.filter((each) => !each.startsWith("page "))) assert.equal(asked.has(handler), moved, handler);
    }
  });
}
