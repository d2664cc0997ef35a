// package-lock.json works everywhere: it names no registry host, and every platform's package of Next.js's compiler.
// A registry that mirrors only some platforms makes `npm install` drop the others, and `npm ci` then refuses the file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { storefrontFolder } from "./storefront.mjs";

const lock = JSON.parse(readFileSync(join(storefrontFolder, "package-lock.json"), "utf8"));

test("the lockfile names no registry host", () => {
  const remote = Object.entries(lock.packages).filter(([, entry]) => entry.resolved?.startsWith("http"));
  assert.deepEqual(remote.map(([name]) => name), []);
});

test("the lockfile lists every optional package of Next.js's compiler", () => {
  const wanted = Object.keys(lock.packages["node_modules/next"].optionalDependencies).filter((name) => name.startsWith("@next/"));
  assert.ok(wanted.length > 0);
  assert.deepEqual(wanted.filter((name) => !lock.packages[`node_modules/${name}`]), []);
});
