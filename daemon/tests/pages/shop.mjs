// The daemon with the recorded traffic of the example app as if it had just happened, or with none at all. What its pages
// must show is said in pages.test.mjs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { startProcess } from "../../../examples/storefront/driver/process.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const recording = join(repository, "fixtures", "storefront.jsonl.zst");
export const shopConfig = join(repository, "examples", "storefront", "pointsman.toml");
export const binary = process.env.POINTSMAN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(repository, "target"), "debug", "pointsman");
// The settings of whoever calls must not reach in here.
export const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POINTSMAN_")));

/**
 * A daemon that has judged the example app and kept two reports of it; `empty` is one that has received nothing, `copies` makes an
 * app with that many shops under paths of their own.
 */
export async function openShop({ empty = false, copies = 1 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "pointsman-pages-"));
  const db = join(folder, "pointsman.db");
  const config = (name, reports) => {
    const file = join(folder, name);
    writeFileSync(file, `${readFileSync(shopConfig, "utf8")}\n[reports]\n${reports}\n`);
    return file;
  };
  if (!empty) {
    await replay(db, copies);
    const first = await serve(folder, db, config("first.toml", 'schedule = "every 1h"'));
    await untilKept(first.url, 1).finally(first.stop);
  }
  const file = config("second.toml", 'schedule = "* * * * *"');
  const daemon = await serve(folder, db, file);
  if (!empty) await untilKept(daemon.url, 2).catch((error) => daemon.stop().then(() => Promise.reject(error)));
  return { ...daemon, db, report: (...args) => run(["report", "--db", db, "--config", file, ...args]) };
}

export async function serve(folder, db, config) {
  const any = "127.0.0.1:0";
  const listen = ["--otlp-grpc", any, "--otlp-http", any, "--listen", any];
  const logFile = join(folder, "pointsman.log");
  const daemon = startProcess(binary, ["serve", "--db", db, "--config", config, ...listen], { logFile, env });
  return await until("the daemon to be ready", async () => {
    if (!daemon.isRunning()) throw new Error(`the daemon ended: ${daemon.lastWords()}`);
    const url = /pages and metrics at (http:\/\/[\d.:]+)\//.exec(readFileSync(logFile, "utf8"))?.[1];
    const ready = url && (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;
    return ready ? { url, stop: daemon.stop } : null;
  });
}

const untilKept = (url, count) => until(`${count} kept reports`, async () => {
  const { reports } = await (await fetch(`${url}/api/v1/reports`)).json();
  return reports.length >= count ? reports : null;
});

async function until(what, ask) {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await pause(50)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`waited two minutes for ${what}`);
}

function run(args) {
  return execFileSync(binary, args, { env, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
}

/** Reads the recording, with its end seventy minutes ago: a daemon looks at the last week, and a recording grows older. */
export async function replay(db, copies) {
  const lines = execFileSync("zstd", ["-dc", recording], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  const time = /(UnixNano":")(\d+)(?=")/g;
  let newest = 0n;
  for (const [, , nanos] of lines.matchAll(time)) if (BigInt(nanos) > newest) newest = BigInt(nanos);
  const later = BigInt(Date.now() - 70 * 60_000) * 1_000_000n - newest;
  const shifted = lines.replace(time, (_, key, nanos) => key + (nanos === "0" ? nanos : String(BigInt(nanos) + later)));
  const child = spawn(binary, ["replay", "-", "--db", db], { env, stdio: ["pipe", "ignore", "inherit"] });
  for (let copy = 0; copy < copies; copy += 1) {
    if (!child.stdin.write(another(shifted, copy))) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`replay ended with ${code}`);
}

/** The recording with other paths, files, traces and clients. */
function another(lines, copy) {
  if (copy === 0) return lines;
  const digits = (hex) => (parseInt(hex, 16) ^ copy).toString(16).padStart(2, "0");
  return lines
    .replace(/("stringValue":")\/(?=")/g, `$1/shop${copy}`)
    .replace(/("stringValue":")\/(?=[^"])(?!shop\d)/g, `$1/shop${copy}/`)
    .replace(/("stringValue":")actions\//g, `$1shop${copy}/actions/`)
    .replace(/("name":"(?:[A-Z]+ )+)\//g, `$1/shop${copy}/`)
    .replace(/("(?:traceId|spanId|parentSpanId)":")([0-9a-f]{2})/g, (_, key, hex) => key + digits(hex))
    .replace(/("stringValue":")([0-9a-f]{2})(?=[0-9a-f-]{14,}")/g, (_, key, hex) => key + digits(hex));
}
