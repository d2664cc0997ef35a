// The storefront as a process: is it built, start it, wait until it answers, stop it. Used by the demo and by
// end-to-end tests. What is then done with it lives in drive.mjs.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pause } from "./chance.mjs";
import { send } from "./http-client.mjs";
import { startProcess } from "./process.mjs";

export const storefrontFolder = dirname(dirname(fileURLToPath(import.meta.url)));

const buildId = join(storefrontFolder, ".next", "BUILD_ID");

export function assertBuilt() {
  if (!existsSync(buildId)) {
    throw new Error(`the storefront is not built; run: cd ${storefrontFolder} && npm ci && npm run build`);
  }
}

/**
 * Starts `next start` and returns when it answers. `otlp` is the OTLP/HTTP endpoint; without it nothing is exported.
 * The app's output goes to `logFile`.
 */
export async function startStorefront({ port = 3100, otlp, logFile = join(storefrontFolder, ".demo", "storefront.log"), env = {} } = {}) {
  assertBuilt();
  const baseUrl = `http://127.0.0.1:${port}`;
  if (await answers(baseUrl)) throw new Error(`port ${port} already answers; stop what runs there or choose another with --port`);

  const next = startProcess(process.execPath, [join("node_modules", "next", "dist", "bin", "next"), "start", "-p", String(port), "-H", "127.0.0.1"], {
    cwd: storefrontFolder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...telemetry(otlp), ...env },
    logFile,
  });
  const app = {
    baseUrl, logFile, pid: next.pid,
    /** `atOnce` gives up the last spans, and requests that are still being answered. */
    stop: async ({ atOnce = false } = {}) => {
      if (otlp && !atOnce && next.isRunning()) await pause(exportedWithin);
      return next.stop(atOnce ? 2_000 : 10_000);
    },
  };

  const deadline = Date.now() + 60_000;
  while (!(await answers(baseUrl))) {
    if (!next.isRunning()) throw new Error(`the storefront ended while starting; its log says:\n${next.lastWords()}`);
    if (Date.now() > deadline) {
      await app.stop({ atOnce: true });
      throw new Error(`the storefront did not answer within 60 s; see ${logFile}`);
    }
    await pause(200);
  }
  return app;
}

// Spans are sent every second. Next.js ends the process on SIGTERM without waiting for anybody, so before stopping the
// app its last spans get the time to leave.
const exportEvery = 1_000;
const exportedWithin = 3 * exportEvery;

function telemetry(otlp) {
  if (!otlp) return { OTEL_SDK_DISABLED: "true" };
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
    OTEL_BSP_SCHEDULE_DELAY: String(exportEvery),
    OTEL_EXPORTER_OTLP_PROTOCOL: process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? "http/protobuf",
    OTEL_SERVICE_NAME: process.env.OTEL_SERVICE_NAME ?? "storefront",
    OTEL_RESOURCE_ATTRIBUTES: process.env.OTEL_RESOURCE_ATTRIBUTES ?? "deployment.environment.name=production",
  };
}

/** Any answer will do. An asset is asked for, which nobody counts: the truth knows only what the run did itself. */
async function answers(baseUrl) {
  try {
    await send(`${baseUrl}/_next/static/${readFileSync(buildId, "utf8").trim()}/_buildManifest.js`);
    return true;
  } catch {
    return false;
  }
}
