// Pointsman as a process: its daemon on a fresh database, its command line, its pages. What it should say is in
// expected.json; comparing is the business of agreement.mjs.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { pause } from "./chance.mjs";
import { send } from "./http-client.mjs";
import { startProcess } from "./process.mjs";
import { storefrontFolder } from "./storefront.mjs";

const repository = join(storefrontFolder, "..", "..");
const ordinaryConfig = join(storefrontFolder, "pointsman.toml");
const mostOutput = 64 * 1024 * 1024;

/** The binary that cargo has built; POINTSMAN_BIN names another one. */
export function findPointsman(profile) {
  const binary = process.env.POINTSMAN_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(repository, "target"), profile, "pointsman");
  if (existsSync(binary)) return binary;
  throw new Error(`there is no ${binary}; build it with: cargo build --locked${profile === "debug" ? "" : ` --profile ${profile}`}`);
}

/** Starts the daemon and returns when it takes spans. `ports` are those of OTLP over gRPC and HTTP and of the pages. */
export async function startPointsman({ binary, folder, ports, config = ordinaryConfig }) {
  const db = join(folder, "pointsman.db");
  const logFile = join(folder, "pointsman.log");
  const at = (port) => `127.0.0.1:${port}`;
  const listen = ["--otlp-grpc", at(ports.grpc), "--otlp-http", at(ports.http), "--listen", at(ports.pages)];
  const daemon = startProcess(binary, ["serve", "--config", config, "--db", db, ...listen], { logFile, env: ownEnvironment() });
  const pages = `http://${at(ports.pages)}`;
  const pointsman = { db, logFile, pages, otlp: `http://${at(ports.http)}`, stop: daemon.stop, run: (...args) => runPointsman(binary, db, args, config) };

  const deadline = Date.now() + 60_000;
  while (!(await isReady(pages))) {
    if (!daemon.isRunning()) throw new Error(`pointsman ended while starting; it said:\n${daemon.lastWords()}`);
    if (Date.now() > deadline) throw new Error(`pointsman was not ready within 60 s; see ${logFile}`);
    await pause(100);
  }
  return pointsman;
}

/** The settings of whoever calls must not reach in here: a demo on somebody's own database would be none. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("POINTSMAN_")));
}

/** One command on a database; returns what it says. */
export async function runPointsman(binary, db, args, config = ordinaryConfig) {
  const all = [...args, "--config", config, "--db", db];
  const { stdout } = await promisify(execFile)(binary, all, { env: ownEnvironment(), maxBuffer: mostOutput, timeout: 120_000 });
  return stdout;
}

async function isReady(pages) {
  try {
    return (await send(`${pages}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

/**
 * Waits until all spans have arrived and were judged: until two runs of the advisor, the first of them begun after the
 * app has sent its last spans, count the same calls. `move` gets a line about it now and then.
 */
export async function untilJudged({ pages }, { within = 120_000, move = () => {} } = {}) {
  const deadline = Date.now() + within;
  await pause(longestUnderWay);
  const begin = new Date(Date.now());
  let before = null;
  while (Date.now() < deadline) {
    const report = JSON.parse((await send(`${pages}/api/v1/reports/latest`)).body);
    const calls = (report.handlers ?? []).reduce((sum, handler) => sum + handler.calls, 0);
    const isLater = new Date(report.generated_at) > (before?.at ?? begin);
    if (isLater && before?.calls === calls && calls > 0) return calls;
    if (isLater) before = { at: new Date(report.generated_at), calls };
    move(`waiting for the last spans to be judged: ${calls} calls so far, ${Math.round((Date.now() - begin.getTime()) / 1000)} s`);
    await pause(500);
  }
  throw new Error(`spans still arrive ${within / 1000} s after the last request, or none have arrived`);
}

/** The package waits 250 ms for a request's last spans, the exporter sends every second, the collector gathers the rest. */
const longestUnderWay = 2_500;
