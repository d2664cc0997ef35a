// One run of traffic against a storefront that is already up: people and machines at the same time. Starting the app is
// the business of storefront.mjs, the command line that of run.mjs.
import { launchBrowser } from "./browser.mjs";
import { readActionNames } from "./handlers.mjs";
import { watchDoors } from "./lateness.mjs";
import { playMachines } from "./machines.mjs";
import { openPartnerSite } from "./partner.mjs";
import { playPeople, visitsPlanned } from "./people.mjs";
import { openProgress } from "./progress.mjs";
import { RequestLog } from "./request-log.mjs";
import { storefrontFolder } from "./storefront.mjs";
import { openTap } from "./tap.mjs";
import { Truth } from "./truth.mjs";

export const defaults = { seed: 1, people: 8, atOnce: 8 };

/**
 * Drives, and returns the truth; `move` gets a line about the progress every second or so. `chromium` is the path of a browser; with null
 * the machines play alone. With `slow` people have slow devices on a slow network. Never throws for what the plan met.
 */
export async function drive({ baseUrl, chromium, seed = defaults.seed, people = defaults.people, atOnce = defaults.atOnce, slow = false, move = openProgress().move }) {
  const actionNames = readActionNames(storefrontFolder);
  const truth = new Truth({ seed, people: chromium ? people : 0 }, new RequestLog(actionNames));
  if (!chromium) truth.leftOut.push("everything people do in browsers: all server actions, all pages except the crawler's, and every route that only the own pages or another site's page call");

  const progress = reportProgress(chromium ? visitsPlanned(people, { slow }) : 0, truth, move);
  const watch = watchDoors();
  const { doors, close } = await openDoors(baseUrl, truth);
  const world = { doors, baseUrl: doors.own_ui, seed, actionNames, truth };
  const machines = playMachines(world);
  if (chromium) {
    const [partner, browser] = [await openPartnerSite(doors.cross_origin), await launchBrowser(chromium)];
    try {
      await playPeople({ ...world, browser, people, atOnce, slow, partnerUrl: partner.url, progress });
    } finally {
      await browser.close();
      await partner.close();
    }
  }
  await machines;
  await close();
  truth.lateness.doors = watch.stop();
  progress.stop();
  return truth;
}

/** Where each class of callers reaches the app. Without a tap all go straight to it, and no request is logged. */
async function openDoors(baseUrl, truth) {
  try {
    const { urls, close } = await openTap({ baseUrl, log: truth.log });
    return { doors: urls, close };
  } catch (error) {
    if (error.code !== "EADDRNOTAVAIL") throw error;
    truth.leftOut.push(`the log of requests: ${error.address} is no address of this machine`);
    return { doors: { own_ui: baseUrl, cross_origin: baseUrl, external: baseUrl, bot: baseUrl }, close: async () => {} };
  }
}

function reportProgress(planned, truth, move) {
  let done = 0;
  const startedAt = Date.now();
  const visits = () => (planned > 0 ? `${done} of ${planned} visits, ` : "");
  const timer = setInterval(() => move(`driving: ${visits()}${truth.requests()} requests, ${Math.round((Date.now() - startedAt) / 1000)} s`), 1_000);
  return {
    visitDone: () => {
      done += 1;
    },
    stop: () => clearInterval(timer),
  };
}

/** What a run was, in a few lines. */
export function summary(truth) {
  const { seconds, interactions } = truth.toJSON();
  const handlers = Object.keys(truth.calls);
  return [
    `drove ${truth.requests()} requests to ${handlers.length} handlers in ${seconds} s`,
    ...Object.entries(interactions).map(([name, { times }]) => `  ${String(times).padStart(4)} × ${name}`),
    ...truth.leftOut.map((text) => `left out: ${text}`),
    ...truth.failures.map((text) => `failed: ${text}`),
  ].join("\n");
}
