#!/usr/bin/env node
// Looks into a recording whether every situation that the storefront is built for is really there:
// node driver/check-recording.mjs RECORDING. It checks the traffic, never Pointsman's verdicts on it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSpans, requestsOf } from "./recording.mjs";
import { storefrontFolder } from "./storefront.mjs";

const file = process.argv[2];
if (!file) {
  console.error("name a recording: node driver/check-recording.mjs RECORDING");
  process.exit(2);
}
const spans = readSpans(file);
const requests = requestsOf(spans);
const expected = JSON.parse(readFileSync(join(storefrontFolder, "expected.json"), "utf8"));
const of = (handler) => requests.filter((request) => request.handler === handler);
const nameOf = (row) => row.action ?? (row.kind === "page" ? `page ${row.route}` : `${row.method} ${row.route}`);
const action = (name) => of(`actions/${name}.ts#${name}`);

let wrong = 0;
function check(what, fits, seen) {
  if (!fits) wrong += 1;
  console.log(`${fits ? "ok  " : "BAD "} ${what}${seen === undefined ? "" : ` (${seen})`}`);
}
const share = (list, test) => list.filter(test).length / Math.max(1, list.length);
const checkShare = (what, list, test, least, count = 30) => {
  const found = share(list, test);
  check(what, list.length >= count && found >= least, `${Math.round(found * 100)} % of ${list.length}`);
};

/**
 * Does the same client load the calling page anew, not as a prefetch, within 1 s? A route's answer is awaited, give or take
 * 100 ms; an action's result reaches the browser while the page it re-renders is still being sent.
 */
const refreshFollows = (call) => requests.some((next) =>
  next.client === call.client && next.method === "GET" && next.isRsc && !next.isPrefetch && next.path === call.sent("referer") &&
  next.start > (call.action ? call.start : call.end - 100) && next.start < call.end + 1_000);
/** Groups calls of one client whose pauses are at most `pause` ms. */
function burstsOf(calls, pause) {
  const bursts = [];
  const open = new Map();
  for (const call of [...calls].sort((a, b) => a.start - b.start)) {
    const burst = open.get(call.client);
    if (burst && call.start - burst.at(-1).end < pause) burst.push(call);
    else {
      open.set(call.client, [call]);
      bursts.push(open.get(call.client));
    }
  }
  return bursts;
}
/**
 * One after another: each starts when most of the one before is over. Not when all is over: the browser has the result of
 * an action some milliseconds before the server has closed its response, more on a busy machine.
 */
const isSerial = (burst) => burst.slice(1).every((call, index) => call.start - burst[index].start > 0.5 * (burst[index].end - burst[index].start));
const sinceLoad = (call) => call.start - Math.max(0, ...requests.filter((load) =>
  load.client === call.client && load.handler === `page ${call.route}` && !load.isPrefetch && load.start < call.start).map((load) => load.end));

for (const row of expected) {
  const calls = of(nameOf(row)).length;
  const wanted = row.verdict === "insufficient_evidence" ? calls > 0 && calls < 10 : row.kind === "page" ? calls > 0 : calls >= 30;
  check(`${nameOf(row)} is called`, wanted, calls);
}
const listed = new Set(expected.map(nameOf));
const unlisted = [...new Set(requests.map((request) => request.handler))].filter((handler) => !listed.has(handler) && !handler.startsWith("OPTIONS") && handler !== "unmatched");
check("nothing is called that expected.json does not list", unlisted.length === 0, unlisted.join(", ") || "none");

checkShare("POST /api/cart: a refresh of the page follows", of("POST /api/cart"), refreshFollows, 0.9, 40);
checkShare("POST /api/orders from the web: a refresh follows", of("POST /api/orders").filter((call) => call.sent("sec-fetch-site")), refreshFollows, 0.9);
check("POST /api/orders from phones", of("POST /api/orders").filter((call) => call.agent.startsWith("okhttp")).length >= 5);
checkShare("webhooks are signed", of("POST /api/webhooks/stripe"), (call) => call.credentials.includes("signature:stripe-signature"), 1);
check("phones read the products", of("GET /api/products").filter((call) => call.agent.startsWith("okhttp") && call.credentials.includes("bearer")).length >= 30);
const desk = ["getProfile", "getRecommendations", "getNotifications"].flatMap(action);
checkShare("dashboard reads start within 3 s of the load", desk, (call) => sinceLoad(call) < 3_000, 0.9);
checkShare("dashboard reads run one after another", burstsOf(desk, 150), (burst) => burst.length === 3 && isSerial(burst), 0.8);
const figures = ["getPrice", "getStock", "getShipping"].flatMap(action);
checkShare("comparisons run one after another", burstsOf(figures, 150), (burst) => burst.length === 3 && isSerial(burst), 0.8);
checkShare("comparisons start more than 4 s after the load", figures, (call) => sinceLoad(call) > 4_000, 1);
const watches = burstsOf(action("getOrderStatus"), 5_000);
const spread = (burst) => {
  const intervals = burst.slice(1).map((call, index) => call.start - burst[index].start);
  const mean = intervals.reduce((sum, each) => sum + each, 0) / intervals.length;
  return Math.sqrt(intervals.reduce((sum, each) => sum + (each - mean) ** 2, 0) / intervals.length) / mean;
};
checkShare("orders are polled at a steady pace, six times and more", watches, (burst) => burst.length >= 6 && spread(burst) < 0.3, 0.99, 5);
checkShare("polls start later than 3 s after the load", action("getOrderStatus"), (call) => sinceLoad(call) > 3_000, 0.5);
const clearings = burstsOf(action("removeItem"), 400);
checkShare("clearing the cart: four and more within 1 s", clearings, (burst) => burst.length >= 4 && burst[3].start - burst[0].start < 1_000, 0.9, 20);
checkShare("removeItem sends the page along", action("removeItem"), (call) => call.got("x-action-revalidated") === "2", 1);
checkShare("toggleFavorite sends the page along", action("toggleFavorite"), (call) => call.got("x-action-revalidated") === "1", 1);
checkShare("toggleFavorite: a needless refresh follows", action("toggleFavorite"), refreshFollows, 0.9);
checkShare("addReview sends the page along", action("addReview"), (call) => call.got("x-action-revalidated") === "1", 1);
checkShare("addReview: no refresh follows", action("addReview"), (call) => !refreshFollows(call), 1);
check("subscribe without JavaScript", action("subscribe").filter((call) => call.via === "form" && call.status === 303).length >= 3);
const catalog = of("GET /api/catalog");
checkShare("catalog: uncached", catalog, (call) => call.got("cache-control") === undefined, 1);
check("catalog: the same bytes for at least three clients", new Set(catalog.map((call) => call.hash)).size === 1 && new Set(catalog.map((call) => call.client)).size >= 3);
checkShare("categories: from the cache", of("GET /api/categories"), (call) => call.got("x-nextjs-cache") === "HIT", 0.9);
checkShare("assistant: a stream of events", of("GET /api/assistant"), (call) => call.got("content-type")?.startsWith("text/event-stream"), 1);
checkShare("export: a download that a link leads to", of("GET /api/export"), (call) => call.got("content-disposition") && call.sent("sec-fetch-mode") === "navigate", 1);
checkShare("callback: a navigation, redirected", of("GET /api/auth/callback"), (call) => call.status === 303 && call.sent("sec-fetch-mode") === "navigate", 1);
checkShare("votes come from another origin", of("POST /api/embed/vote"), (call) => call.sent("sec-fetch-site") === "cross-site", 1);
check("votes have preflights", of("OPTIONS /api/embed/vote").length > 0, of("OPTIONS /api/embed/vote").length);
// Next.js's fetch does not pass its trace on, so the inner request is found by time.
const ownFetches = spans.filter((span) => span.attributes["next.span_type"] === "AppRender.fetch" && span.attributes["http.url"]?.endsWith("/api/stats"));
checkShare("stats: asked by the page's own server component", of("GET /api/stats"), (call) =>
  call.agent === "node" && ownFetches.some((fetch) => fetch.start <= call.start && fetch.end >= call.start), 0.95);
check("links are prefetched", requests.filter((request) => request.isPrefetch).length >= 30, requests.filter((request) => request.isPrefetch).length);
check("browsers keep one client key", new Set(action("getProfile").map((call) => call.client)).size <= 10, new Set(action("getProfile").map((call) => call.client)).size);

console.log(`${spans.length} spans, ${requests.length} requests: ${wrong === 0 ? "everything is there" : `${wrong} checks failed`}`);
process.exitCode = wrong === 0 ? 0 : 1;
