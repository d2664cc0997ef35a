// The oracle itself: what it counts in small logs written by hand, how far it lets clocks differ, and that its table finds
// every wrong figure.
import assert from "node:assert/strict";
import { test } from "node:test";
import { rangesOf } from "./doubt.mjs";
import { mostOfSums } from "./lateness.mjs";
import { labelledCalls, quantile } from "./figures.mjs";
import { compare } from "./figures-table.mjs";
import { columns } from "./request-log.mjs";

const action = (name) => `actions/${name}.ts#${name}`;

/** A row of the log with what the test is about; the rest is that of a page's GET answered 200 within 10 ms. */
function row(start, given) {
  const { how = "plain", method = "GET", path = "/api/search", handler = how === "plain" ? `${method} ${path}` : `page ${path}`, took = 10 } = given;
  return {
    handler, caller: "own_ui", client: 1, method, path, page: "/search", how, status: 200, aborted: false, redirects: false, cached: null,
    cacheControl: null, sent: 0, received: 100, inflated: 100, argument: 4, key: 1, hash: 1, start, begun: start + took / 2, end: start + took,
    unseen: false, ...given,
  };
}
const post = (start, given) => row(start, { method: "POST", path: "/api/cart", page: "/cart", ...given });
const page = (start, path, how = "document", given = {}) => row(start, { how, path, page: null, ...given });
const act = (start, name, given) => row(start, { how: "action", method: "POST", path: "/desk", page: "/desk", handler: action(name), ...given });

/** Label -> starts of the rows that bear it. */
function labelled(rows) {
  const found = {};
  for (const ofHandler of labelledCalls(rows.map((each, number) => ({ ...each, number }))).values()) {
    for (const [label, numbers] of ofHandler) found[label] = [...(found[label] ?? []), ...[...numbers.keys()].map((number) => rows[number].start)].toSorted((a, b) => a - b);
  }
  return found;
}

test("a write is followed by what its client asks of the same page within the window", () => {
  const found = labelled([
    post(0), page(500, "/cart", "rsc"), // refreshed
    post(5_000), page(5_500, "/cart", "prefetch"), page(5_600, "/products", "rsc"), page(5_700, "/cart", "rsc", { page: "/products" }), // left, and came back
    page(6_100, "/cart", "rsc"), // too late
    post(10_000), page(11_900, "/cart"), // a new document
    post(15_000, { client: 2 }), page(15_100, "/cart", "rsc"), // somebody else's
    post(20_000), post(20_050), page(20_100, "/cart", "rsc"), // one refresh for two
    post(25_000, { status: 500 }), page(25_100, "/cart", "rsc"),
    post(30_000), row(30_100, { path: "/api/cart" }),
  ]);
  assert.deepEqual(found.followable, [0, 5_000, 10_000, 15_000, 20_000, 20_050, 30_000]);
  assert.deepEqual([found.refresh, found.refresh_gap, found.document, found.refetch], [[0, 20_050], [0, 20_050], [10_000], [30_000]]);
});

test("actions that wait for each other are a burst, and belong to the load of their page", () => {
  const found = labelled([
    page(0, "/desk"), act(100, "a"), act(112, "b"), act(130, "a"), // a burst of three of two handlers
    act(1_000, "a"), act(1_160, "a"), // a pause of exactly the window
    act(9_000, "a", { took: 100 }), act(9_010, "b"), // side by side
    page(20_000, "/desk", "rsc"), act(20_100, "a"), // a refresh is no load
    page(30_000, "/other"), row(32_000, { page: "/other" }), row(33_100, { page: "/other" }),
  ]);
  assert.deepEqual([found.in_burst, found.burst], [[100, 112, 130], [100, 112]]);
  assert.deepEqual(found.soon, [100, 112, 130, 1_000, 1_160]);
  assert.deepEqual([found.reads_soon, found.reads_sequenced], [[32_000], [32_000, 33_100]]);
});

test("an even pace is a poll, an uneven one is none", () => {
  const polling = [0, 1_000, 2_050, 3_000, 4_000].map((start) => act(start, "poll"));
  assert.deepEqual([labelled(polling).polled.length, labelled(polling).poll, labelled(polling).poll_interval], [5, [0], [1_000, 2_050, 3_000, 4_000]]);
  assert.equal(labelled(polling.slice(1)).polled, undefined);
  assert.equal(labelled([0, 1_000, 1_550, 3_050, 4_050].map((start) => act(start, "poll"))).polled, undefined);
  // The pause before it may be long: it does not belong to the series.
  assert.deepEqual(labelled([act(-60_000, "poll"), ...polling]).poll, [0]);
});

test("growing, changing text in quick succession is typing", () => {
  const keys = [[1, 4], [2, 5], [3, 6]].map(([key, argument], at) => act(at * 300, "search", { key, argument }));
  assert.equal(labelled(keys).typed.length, 3);
  assert.equal(labelled(keys.map((each) => ({ ...each, key: 1 }))).typed, undefined);
  assert.equal(labelled(keys.map((each) => ({ ...each, argument: 4 }))).typed, undefined);
  assert.equal(labelled(keys.slice(1)).typed, undefined);
});

test("the same again is a duplicate, after a failure a retry, beside each other parallel", () => {
  const found = labelled([
    row(0, {}), row(1_999, {}), row(5_000, {}),
    row(10_000, { key: 2, status: 503 }), row(60_000, { key: 2 }), row(100_000, { key: 2 }),
    row(200_000, { key: 3, aborted: true, status: null }), row(203_000, { key: 3 }),
    row(300_000, { key: 4, took: 50 }), row(300_020, { key: 5, took: 5 }), row(300_060, { key: 6 }),
    // Another answer, and a read after the client's own write, are wanted.
    row(400_000, { key: 7 }), row(400_500, { key: 7, hash: 2 }),
    row(500_000, { key: 8 }), post(500_200, { key: 9 }), row(500_500, { key: 8 }),
  ]);
  assert.deepEqual([found.duplicate, found.retry, found.retry_of_aborted, found.parallel], [[1_999], [60_000], [203_000], [300_000, 300_020]]);
});

test("a cache spares what was answered the same within its lifetime", () => {
  const found = labelled([
    row(0, {}), row(900, { client: 2 }), row(9_000, { client: 1 }), row(9_500, { hash: 2 }), row(9_900, { hash: 1 }), row(10_000, { key: 2 }), row(9_950, { status: 304 }),
  ]);
  assert.deepEqual([found["shared 1"], found["shared 10"], found["private 1"], found["private 10"]], [[900], [900, 9_000], undefined, [9_000]]);
});

test("a sketch's quantile is the value at rank q * (n - 1)", () => {
  assert.deepEqual([quantile([3, 1, 2], 0.5), quantile([1, 2, 3, 4], 0.5), quantile([7], 0.95), quantile([], 0.5)], [2, 2, 7, undefined]);
});

test("of sums no more can be large than one part and the other allow", () => {
  assert.equal(mostOfSums(0.5, [30, 10, 20], [5, 0, 0]), 25);
  // One that was very late moves the median by one place at most.
  assert.equal(mostOfSums(0.5, [30, 10, 20], [100, 0, 0]), 30);
  assert.equal(mostOfSums(1, [30, 10, 20], [5, 0, 0]), 35);
  // Nobody knows which of four was late with these two: the two lateness values that are not theirs may be the small ones.
  assert.equal(mostOfSums(0.5, [10, 20], [0, 0, 0, 5]), 15);
  // Where fewer were watched than there are, each may have been as late as the latest.
  assert.equal(mostOfSums(0.5, [30, 10, 20], [5, 0]), 25);
});

test("only what lies near an edge is in doubt", () => {
  const refreshed = [post(0), page(400, "/cart", "rsc")];
  const near = (start) => [post(start), page(start + 1_005, "/cart", "rsc", { took: 20 })];
  const { truth, least, most } = rangesOf([...refreshed, ...near(5_000), ...near(10_000)]).get("POST /api/cart").get("refresh");
  assert.deepEqual([truth, least, most], [3, 1, 3]);
});

/** A run of two reads and a write, and what `pointsman explain` has to say of it. */
function smallRun() {
  const rows = [post(0, { key: 9, hash: null }), page(400, "/cart", "rsc"), row(2_000, { received: 200 }), row(2_500, { client: 2 })];
  const quantiles = (count, value) => ({ count, p50: value, p75: value, p95: value, p99: value });
  const at10 = (count) => Array.from({ length: 24 }, (_, hour) => (hour === 10 ? count : 0));
  const handler = (named, calls, clients, given) => ({
    id: "0123456789abcdef", kind: "route_handler", route: "/api/search", method: "GET", action: null, file: null, ...named,
    frequency: { observed: calls, calls, interval: [calls, calls], per_day: calls, by_hour_of_day: at10(calls), days_seen: 1, clients, trend: null },
    time: { duration_ms: quantiles(calls, 9), database_ms: null, outgoing_ms: null, own_share: null },
    errors: {
      status_known: calls, succeeded: calls, client_error: 0, server_error: 0, client_gone: 0, unknown_action: 0, body_too_large: 0, origin_mismatch: 0,
    },
    payload: { request_bytes: quantiles(calls, 0), response_bytes: quantiles(calls, 100.9), action_body_limit: null, over_limit: null, over_70_percent: null },
    cache: null, callers: [{ class: "own_ui", calls, share: 1, interval: [0, 1] }], outside_agents: [], pages: [],
    sequences: {
      absent: null, followable: 0, followed_by_refresh: 0, followed_by_document: 0, followed_by_refetch: 0, in_burst: 0, bursts: 0, queue_wait_ms: null,
      polled: 0, polls: 0, poll_interval_ms: null, typed: null, soon_after_load: 0, duplicates: 0, retries: 0, parallel_reads: 0, client_known: calls, refresh_gap_ms: null, sequenced: 0,
      reads_sequenced: 0, reads_soon_after_load: 0, unordered: 0, ...given.sequences,
    },
    ...given.rest,
  });
  const lifetimes = (...repeats) => [1, 10, 60, 300].map((seconds, at) => ({ seconds, repeats: repeats[at], share: repeats[at] / 2, interval: [0, 1] }));
  const cache = { hits: 0, misses: 0, not_modified: 0, cache_control: 0, may_be_kept: 0, absent: null, comparable: 2, shared: lifetimes(1, 1, 1, 1), private: lifetimes(0, 0, 0, 0) };
  return {
    truth: { started_at: "2026-01-05T10:20:00.000Z", log: { columns, rows: rows.map((each) => columns.map((column) => each[column])) } },
    explained: {
      handlers: [
        handler({ route: "/api/cart", method: "POST" }, 1, 1, { sequences: { followable: 1, followed_by_refresh: 1, refresh_gap_ms: quantiles(1, 388) }, rest: { pages: [{ route: "/cart", calls: 1, share: 1 }] } }),
        handler({ kind: "page", route: "/cart" }, 1, 1, { rest: { cache: { ...cache, comparable: 0, shared: [], private: [], absent: "nothing to compare" } } }),
        handler({}, 2, 2, { sequences: { reads_sequenced: 2 }, rest: { cache, pages: [{ route: "/search", calls: 2, share: 1 }] } }),
      ],
    },
  };
}

test("the table is right when everything is, and says so in its last line", () => {
  const { truth, explained } = smallRun();
  const { text, faults } = compare(truth, explained);
  assert.deepEqual(faults, []);
  assert.match(text, /POST \/api\/cart +followed by a refresh +1 +1 +exact +ok/);
  assert.match(text, /of 3 handlers: \d+ are 0 in truth and measured, 0 are BAD$/);
});

test("the table finds every figure that is wrong", () => {
  const wrong = [
    ["calls observed", ([cart]) => (cart.frequency.observed = 2)],
    ["clients", ([, , search]) => (search.frequency.clients = 1)],
    ["clients", ([, , search]) => (search.frequency.clients = null)],
    ["calls from 10:00 on", ([cart]) => (cart.frequency.by_hour_of_day[10] = 0)],
    ["answered 5xx", ([cart]) => (cart.errors.server_error = 1)],
    ["duration p50, ms", ([cart]) => (cart.time.duration_ms.p50 = 14)],
    ["response bytes p50", ([cart]) => (cart.payload.response_bytes.p50 = 102)],
    ["response bodies", ([cart]) => (cart.payload.response_bytes = null)],
    ["calls by external", ([cart]) => cart.callers.push({ class: "external", calls: 1 })],
    ["calls from /cart", ([cart]) => (cart.pages = [])],
    ["comparable answers", ([, , search]) => (search.cache = null)],
    ["shared answers, 10 s", ([, , search]) => (search.cache.shared[1].repeats = 0)],
    ["followed by a refresh", ([cart]) => (cart.sequences.followed_by_refresh = 0)],
    ["followed by a document", ([cart]) => delete cart.sequences.followed_by_document],
    ["sequences are known", ([cart]) => (cart.sequences.absent = "calls are sampled")],
    ["is listed", (handlers) => handlers.shift()],
    ["is listed", (handlers) => handlers.push({ ...handlers[0], route: "/api/other" })],
    ["is listed", (handlers) => handlers.push(handlers[0])],
  ];
  for (const [figure, spoil] of wrong) {
    const { truth, explained } = smallRun();
    spoil(explained.handlers);
    const { faults, text } = compare(truth, explained);
    assert.deepEqual(faults.map((fault) => fault.figure), [figure]);
    assert.match(text, /BAD/);
  }
});
