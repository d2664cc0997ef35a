// The daemon with the recorded traffic of the example app as if it had just happened, or with none at all. What its pages
// must show is said in pages.test.mjs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { startProcess } from "../../../examples/storefront/driver/process.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const recording = join(repository, "fixtures", "storefront.jsonl.zst");
const config = join(repository, "examples", "storefront", "pointsman.toml");
const binary = process.env.POINTSMAN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(repository, "target"), "debug", "pointsman");
// The settings of whoever calls must not reach in here.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POINTSMAN_")));

/** A daemon that has judged the example app; `empty` is one that has heard of nothing. */
export async function openShop({ empty = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "pointsman-pages-"));
  const db = join(folder, "pointsman.db");
  if (!empty) await replay(db);
  const any = "127.0.0.1:0";
  const listen = ["--otlp-grpc", any, "--otlp-http", any, "--listen", any];
  const logFile = join(folder, "pointsman.log");
  const daemon = startProcess(binary, ["serve", "--db", db, "--config", config, ...listen], { logFile, env });
  const deadline = Date.now() + 60_000;
  for (;;) {
    const url = /pages and metrics at (http:\/\/[\d.:]+)\//.exec(readFileSync(logFile, "utf8"))?.[1];
    if (url && (await fetch(`${url}/readyz`).catch(() => null))?.status === 200) {
      return { url, db, stop: daemon.stop, report: (...args) => run(["report", "--db", db, "--config", config, ...args]) };
    }
    if (!daemon.isRunning() || Date.now() > deadline) throw new Error(`the daemon did not get ready: ${daemon.lastWords()}`);
    await pause(50);
  }
}

function run(args) {
  return execFileSync(binary, args, { env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** Reads the recording, with its end a minute ago: a daemon looks at the last week, and a recording grows older. */
async function replay(db) {
  const lines = execFileSync("zstd", ["-dc", recording], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  const time = /(UnixNano":")(\d+)(?=")/g;
  let newest = 0n;
  for (const [, , nanos] of lines.matchAll(time)) if (BigInt(nanos) > newest) newest = BigInt(nanos);
  const later = BigInt(Date.now() - 60_000) * 1_000_000n - newest;
  const shifted = lines.replace(time, (_, key, nanos) => key + (nanos === "0" ? nanos : String(BigInt(nanos) + later)));
  const child = spawn(binary, ["replay", "-", "--db", db], { env, stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end(shifted);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`replay ended with ${code}`);
}
