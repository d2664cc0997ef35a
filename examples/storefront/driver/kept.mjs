// All that Pointsman has kept or says after a run, as bytes, so that a test can look for what must not be in it:
// the database file as it is, its blocks of spans inflated, and the output of every command.
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { send } from "./http-client.mjs";

const roomy = { maxBuffer: 1024 * 1024 * 1024 };

/** Place -> bytes; `leftOut` says what could not be looked at on this machine. */
export async function everythingKept({ pointsman, report, folder }) {
  const { spans, leftOut } = inflatedSpans(pointsman.db);
  const files = readdirSync(folder).filter((name) => name.startsWith("pointsman."));
  const traces = new Set(report.handlers.flatMap(({ evidence }) => evidence.flatMap(({ exemplars }) => exemplars.slice(0, 1))));
  const places = [
    ...files.map((name) => [`the file ${name}`, readFileSync(join(folder, name))]),
    ...spans.map((bytes) => ["the stored spans", bytes]),
  ];
  const paths = ["/", "/telemetry", "/reports", "/metrics", "/api/v1/handlers", "/api/v1/telemetry"];
  for (const { id } of report.handlers) paths.push(`/handlers/${id}`, `/api/v1/handlers/${id}`);
  for (const id of traces) paths.push(`/traces/${id}`);
  for (const path of paths) {
    const { status, body } = await send(pointsman.pages + path);
    if (status !== 200) throw new Error(`${path} answers ${status}: ${body}`);
    places.push([path, Buffer.from(body)]);
  }
  const say = async (...args) => places.push([`pointsman ${args.join(" ")}`, Buffer.from(await pointsman.run(...args))]);
  for (const format of ["text", "markdown", "html", "json"]) await say("report", "--until", "last", "--format", format);
  await say("doctor", "--until", "last");
  for (const { id } of report.handlers) await say("explain", id, "--until", "last");
  for (const id of traces) await say("trace", id);
  return { places, leftOut };
}

/** The blocks are compressed: the raw file says little about them. Node 20 reads neither SQLite nor zstd. */
function inflatedSpans(db) {
  const sqlite = spawnSync("sqlite3", ["-readonly", db, "select hex(payload) from blocks"], { encoding: "latin1", ...roomy });
  const zstd = spawnSync("zstd", ["--version"]);
  const missing = [["sqlite3", sqlite], ["zstd", zstd]].filter(([, { error }]) => error?.code === "ENOENT").map(([name]) => name);
  if (missing.length > 0) return { spans: [], leftOut: [`not installed: ${missing.join(", ")}; the stored spans are not looked at`] };
  if (sqlite.status !== 0) throw new Error(`sqlite3 cannot read ${db}: ${sqlite.stderr}`);
  const blocks = sqlite.stdout.trim().split("\n").map((hex) => Buffer.from(hex, "hex"));
  const inflated = spawnSync("zstd", ["-dc"], { input: Buffer.concat(blocks), ...roomy });
  if (inflated.status !== 0) throw new Error(`zstd cannot inflate the blocks of ${db}: ${inflated.stderr}`);
  if (!inflated.stdout.includes("@pointsman/nextjs")) throw new Error(`the blocks of ${db} hold no spans of the package`);
  return { spans: [inflated.stdout], leftOut: [] };
}

/** Which secret is found where, never the secret itself. */
export function found(secrets, places) {
  const hits = new Set();
  for (const [place, bytes] of places) {
    for (const [secret, what] of secrets) if (bytes.includes(secret)) hits.add(`${what} in ${place}`);
  }
  return [...hits];
}
