// `pointsman capture` around this shop's own driver, and `check` when a wrong handler is added to the shop: exactly that is new. The
// changed shop is a copy in the folder of what is built; this one stays as it is. Takes some six minutes.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findPointsman } from "./pointsman.mjs";
import { freePort } from "./process.mjs";
import { storefrontFolder } from "./storefront.mjs";

const repository = join(storefrontFolder, "..", "..");
const folder = join(process.env.CARGO_TARGET_DIR ?? join(repository, "target"), "captured");
const baseline = join(folder, "baseline.json");
const config = join(storefrontFolder, "pointsman.toml");

/** Runs a command of Pointsman; what it said and its exit code. */
function pointsman(args, cwd = folder) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POINTSMAN_")));
  return new Promise((resolve) => {
    execFile(findPointsman("debug"), args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
}

async function captured(shop, name) {
  const file = join(folder, name);
  const drive = `exec node driver/run.mjs --otlp "$OTEL_EXPORTER_OTLP_ENDPOINT" --port ${await freePort()} --log ${join(folder, `${name}.log`)}`;
  const { code, err } = await pointsman(["capture", "--out", file, "--", "/bin/sh", "-c", drive], shop);
  assert.equal(code, 0, err);
  console.log(err.trim());
  return file;
}

async function checked(file, shop, ...more) {
  const { code, out, err } = await pointsman(["--config", config, "check", file, "--repo", shop, "--baseline", baseline, "--format", "json", ...more]);
  assert.notEqual(out, "", err);
  return { code, result: JSON.parse(out) };
}

/** The shop with an action that a page reads by after it has loaded. */
function changedShop() {
  const copy = join(folder, "shop");
  const [isOwn, linked] = [(name) => ![".next", ".demo", "node_modules"].includes(name), "node_modules"];
  mkdirSync(copy, { recursive: true });
  for (const name of readdirSync(storefrontFolder).filter(isOwn)) cpSync(join(storefrontFolder, name), join(copy, name), { recursive: true });
  execFileSync("cp", ["-al", join(storefrontFolder, linked), join(copy, linked)]);
  writeFileSync(
    join(copy, "actions", "getGreeting.ts"),
    '"use server";\n\nimport { profileOf } from "@/data/customers";\nimport { visitor } from "@/data/visitor";\n\n' +
      "export async function getGreeting(): Promise<string> {\n  return `Hello, ${profileOf(await visitor()).name}`;\n}\n",
  );
  writeFileSync(
    join(copy, "components", "Greeting.tsx"),
    '"use client";\nimport { useEffect, useState } from "react";\nimport { getGreeting } from "@/actions/getGreeting";\n\n' +
      'export function Greeting() {\n  const [text, setText] = useState("");\n  useEffect(() => {\n    getGreeting().then(setText);\n  }, []);\n' +
      "  return <p>{text}</p>;\n}\n",
  );
  const page = join(copy, "app", "cart", "page.tsx");
  const before = readFileSync(page, "utf8");
  const after = before
    .replace("<h1>Your cart</h1>", "<h1>Your cart</h1>\n      <Greeting />")
    .replace(/^import /m, 'import { Greeting } from "@/components/Greeting";\nimport ');
  assert.ok(after.includes("<Greeting />"));
  writeFileSync(page, after);
  execFileSync("npm", ["run", "build"], { cwd: copy, stdio: "inherit", env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } });
  return copy;
}

test("a wrong handler that is added is exactly what is new", async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const before = await captured(storefrontFolder, "before.jsonl");
  const known = await checked(before, storefrontFolder, "--update");
  assert.equal(known.code, 0, JSON.stringify(known.result, null, 2));
  assert.ok(known.result.from_tests && known.result.judged > 15, `${known.result.judged} judged`);

  const shop = changedShop();
  const after = await captured(shop, "after.jsonl");
  const { code, result } = await checked(after, shop);
  console.log(JSON.stringify({ judged: result.judged, handlers: result.handlers, known: result.known.length, new: result.new }, null, 2));
  assert.equal(code, 1);
  assert.deepEqual([...new Set(result.new.map(({ handler }) => handler))], ["actions/getGreeting.ts#getGreeting"]);
  assert.ok(result.new.some(({ rule, place }) => rule === "action-read-on-load" && place.file === "actions/getGreeting.ts"));
  rmSync(folder, { recursive: true, force: true });
});
