// Starts the browser, once per run, and writes down what its pages request. Finding one is the business of
// chromium.mjs; what people do in it lives in people.mjs and visits.mjs.
import { chromium } from "playwright-core";
import { handlerOf, routeOf } from "./handlers.mjs";

export function launchBrowser(executablePath) {
  return chromium.launch({
    executablePath,
    // Whoever started the run decides what ends it, and in which order.
    handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
      "--renderer-process-limit=4",
    ],
  });
}

/** Shorter values of a query are words that may stand anywhere. */
const tellingLength = 6;

/** Counts every request of a browser context that reaches the app by any of its doors, under its handler. */
export function observe(context, { doors, actionNames, truth }) {
  const app = new Set(Object.values(doors).map((url) => new URL(url).origin));
  const answered = new WeakSet();

  const note = (request, outcome) => {
    const url = new URL(request.url());
    if (!app.has(url.origin) || url.pathname.startsWith("/_next/")) return;
    for (const [name, value] of url.searchParams) if (value.length >= tellingLength) truth.secret(`the query value of ${name}`, value);
    const headers = request.headers();
    const call = { method: request.method(), path: url.pathname, actionId: headers["next-action"] };
    const handler = handlerOf(call, actionNames);
    truth.call(handler, isOfAnotherOrigin(request, app) ? "cross_origin" : "own_ui", outcome);
    // This page fetches its own app's route while it renders, once each time; a browser cannot see that.
    if (handler === "page /stats") truth.call("GET /api/stats", "server", outcome);
    if (call.method === "GET" && !url.pathname.startsWith("/api/")) {
      const how = headers["next-router-prefetch"] ? "prefetch" : headers.rsc ? "rsc" : "document";
      truth.pageLoad(routeOf(url.pathname), how);
    }
  };
  context.on("response", (response) => {
    answered.add(response.request());
    note(response.request(), response.status());
  });
  context.on("requestfailed", (request) => {
    if (!answered.has(request)) note(request, "aborted");
  });
}

/** Sent by the script of a page that is not the app's; going to the app from there is the person's own doing. */
function isOfAnotherOrigin(request, app) {
  return !request.isNavigationRequest() && !app.has(new URL(request.frame().url()).origin);
}

// A cheap phone, and what the developer tools of browsers call "Slow 4G".
const timesSlower = 6;
const slowNetwork = { offline: false, latency: 562.5, downloadThroughput: (1.44 * 1e6) / 8, uploadThroughput: (0.675 * 1e6) / 8 };

/** Gives one page a slow device on a slow network. */
export async function slowDown(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", slowNetwork);
  await session.send("Emulation.setCPUThrottlingRate", { rate: timesSlower });
}
