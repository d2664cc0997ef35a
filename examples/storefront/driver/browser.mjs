// Finds and starts the system's Chromium, once per run; and writes down what its pages request. What people do in it
// lives in people.mjs and visits.mjs.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { handlerOf, routeOf } from "./handlers.mjs";

// The headless shell first: without the windows of a whole browser the same run costs half the CPU.
const usualPlaces = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

export function findChromium() {
  const chosen = process.env.CHROMIUM;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`CHROMIUM names ${chosen}, which does not exist; unset it or name a Chromium`);
  }
  return usualPlaces.find(existsSync) ?? null;
}

export function launchBrowser(executablePath) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
      "--renderer-process-limit=4",
    ],
  });
}

/** Counts every request of a browser context that reaches the app, under its handler. */
export function observe(context, { baseUrl, actionNames, truth }) {
  const app = new URL(baseUrl).origin;
  const answered = new WeakSet();

  const note = (request, outcome) => {
    const url = new URL(request.url());
    if (url.origin !== app || url.pathname.startsWith("/_next/")) return;
    const headers = request.headers();
    const call = { method: request.method(), path: url.pathname, actionId: headers["next-action"] };
    const caller = headers.origin && headers.origin !== app ? "cross_origin" : "own_ui";
    truth.call(handlerOf(call, actionNames), caller, outcome);
    // This page fetches its own app's route while it renders, once each time; a browser cannot see that.
    if (url.pathname === "/stats") truth.call("GET /api/stats", "server", outcome);
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
