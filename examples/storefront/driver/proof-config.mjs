// Pointsman's configuration for the proof: that of the demo, and how far away the people are.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storefrontFolder } from "./storefront.mjs";

/** Writes it into `folder` and returns its path. */
export function proofConfig(folder, { roundTripMs }) {
  const path = join(folder, "pointsman.toml");
  const demo = readFileSync(join(storefrontFolder, "pointsman.toml"), "utf8");
  writeFileSync(path, demo.replace(/^\[advice\]$/m, `[advice]\nround_trip_ms = ${roundTripMs}`));
  return path;
}
