// The recorded run of the storefront under fixtures/: where it is, how its truth is read.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { storefrontFolder } from "./storefront.mjs";

const fixtures = join(storefrontFolder, "..", "..", "fixtures");

export const recordedRun = { spans: join(fixtures, "storefront.jsonl.zst"), truth: join(fixtures, "storefront-truth.json.gz") };

/** What really happened in it, as truth.mjs writes it. */
export function readTruth() {
  return JSON.parse(gunzipSync(readFileSync(recordedRun.truth)));
}
