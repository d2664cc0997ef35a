// Each figure that Pointsman measures on the recorded run of the storefront, against the truth of that run, as a table. The
// binary and its command line are real; nothing is started but them. How the run was recorded: fixtures/README.md.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compare } from "./figures-table.mjs";
import { findPointsman, runPointsman } from "./pointsman.mjs";
import { readTruth, recordedRun } from "./recorded-run.mjs";

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
