// The recorded run of the storefront under fixtures/: where it is, how its truth is read.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { storefrontFolder } from "./storefront.mjs";

const fixtures = join(storefrontFolder, "..", "..", "fixtures");

export const recordedRun = { spans: join(fixtures, "storefront.jsonl.zst"), truth: join(fixtures, "storefront-truth.json.zst") };

/** What really happened in it, as truth.mjs writes it. Node 20 does not inflate zstd, so the command does. */
export function readTruth() {
  const { status, stdout, stderr, error } = spawnSync("zstd", ["-dc", recordedRun.truth], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`zstd cannot read ${recordedRun.truth}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}
