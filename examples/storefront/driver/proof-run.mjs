// One run of the proof: the shop in one of its two versions, people far away who do the three things that are timed,
// Pointsman beside it. Returns what was lived and what was reported; comparing is the business of promises.mjs.
import { join } from "node:path";
import { launchBrowser } from "./browser.mjs";
import { readActionNames } from "./handlers.mjs";
import { inTurns, playPerson } from "./people.mjs";
import { startPointsman, untilJudged } from "./pointsman.mjs";
import { freePort } from "./process.mjs";
import { RequestLog } from "./request-log.mjs";
import { noteRequests, roundTrips, waitedFor } from "./round-trips.mjs";
import { time } from "./stopwatch.mjs";
import { startStorefront, storefrontFolder } from "./storefront.mjs";
import { openTap } from "./tap.mjs";
import { Truth } from "./truth.mjs";

/**
 * Starts the shop, `moved` or not, plays `people` persons with the visits of `plan`, `atOnce` at a time, each
 * `roundTripMs` away, and stops it. With `pointsman` (binary and config) the report is made as well; it is null without.
 * Returns { interactions: [{ what, ms, roundTrips }], rows: the log of the door, report, failures }.
 */
export async function playProofRun({ folder, moved, chromium, pointsman, ...traffic }) {
  const stops = [];
  try {
    const ports = { grpc: await freePort(), http: await freePort(), pages: await freePort() };
    const daemon = pointsman && (await startPointsman({ ...pointsman, folder, ports }));
    if (daemon) stops.unshift(() => daemon.stop());
    const app = await startStorefront({
      port: await freePort(), otlp: daemon?.otlp, logFile: join(folder, "storefront.log"), env: { STOREFRONT_MOVED: moved ? "1" : "0" },
    });
    stops.unshift(() => app.stop({ atOnce: true }));
    const lived = await play({ baseUrl: app.baseUrl, chromium, ...traffic });
    if (!daemon) return { ...lived, report: null };
    await untilJudged(daemon);
    return { ...lived, report: JSON.parse(await daemon.run("report", "--format", "json", "--until", "last")) };
  } finally {
    for (const stop of stops) await stop();
  }
}

async function play({ baseUrl, chromium, roundTripMs, seed, people, atOnce, plan }) {
  const actionNames = readActionNames(storefrontFolder);
  const log = new RequestLog(actionNames);
  const truth = new Truth({ seed, people }, log);
  const tap = await openTap({ baseUrl, log, roundTripMs });
  const browser = await launchBrowser(chromium);
  const world = { browser, doors: tap.urls, baseUrl: tap.urls.own_ui, seed, actionNames, truth, progress: { visitDone: () => {} } };
  const lived = [];
  try {
    await inTurns(Array.from({ length: people }, (_, index) => async () => {
      const [timings, requests] = [[], []];
      const watch = async (context) => {
        noteRequests(context, requests);
        await time(context, (timing) => timings.push(timing));
      };
      await playPerson({ who: `person-${index + 1}`, plan, watch, ...world });
      lived.push(...timings.map(({ what, from, to }) => ({ what, ms: to - from, roundTrips: roundTrips(waitedFor({ from, to }, requests)) })));
    }), atOnce);
  } finally {
    await browser.close();
    await tap.close();
  }
  return { interactions: lived, rows: log.rows, failures: truth.failures };
}
