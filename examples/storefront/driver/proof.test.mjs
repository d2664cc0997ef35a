// The parts of the proof that can be checked without a browser: counting round trips, comparing a promise with what was
// found, the way that bytes take.
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { openDistance } from "./distance.mjs";
import { compareRuns, moves } from "./promises.mjs";
import { asTable } from "./proof-table.mjs";
import { quantile, roundTrips, waitedFor } from "./round-trips.mjs";

const request = (from, begun, isPrefetch = false) => ({ path: "/", isPrefetch, from, begun });

test("requests one after another are round trips, those at the same time are one", () => {
  assert.equal(roundTrips([]), 0);
  assert.equal(roundTrips([request(0, 90), request(95, 190), request(190, 280)]), 3);
  assert.equal(roundTrips([request(0, 90), request(1, 95), request(2, 99)]), 1);
  assert.equal(roundTrips([request(0, 90), request(1, 150), request(92, 200)]), 2, "the third waited for the first only");
  assert.equal(roundTrips([request(0, null), request(100, 180)]), 1, "nothing can wait for an answer that never began");
});

test("what is fetched in advance is not waited for, nor what began before the click or after the result", () => {
  const waited = request(10, 90);
  assert.deepEqual(waitedFor({ from: 10, to: 200 }, [request(5, 80), waited, request(20, 80, true), request(200, 300)]), [waited]);
});

test("quantiles are interpolated, and none are known of nothing", () => {
  assert.deepEqual([quantile([4, 1, 3, 2], 0.5), quantile([7], 0.95), quantile([], 0.5)], [2.5, 7, null]);
});

const tripsSaved = { "add to the cart": 1, "compare two products": 2, "open the desk": 3 };
const times = 40;

/** Two runs in which all is as promised: each move saves 100 ms, and each of its handlers a request. */
function runs() {
  const lived = (ms, trips) => moves.flatMap(({ what }) => Array.from({ length: times }, () => ({ what, ms, roundTrips: trips(what) })));
  const handlersOf = ({ what, moves: handlers, verdict }) => handlers.map((name) => reported(name, verdict, benefitOf(what, verdict)));
  const before = {
    interactions: lived(300, (what) => 1 + tripsSaved[what]),
    rows: moves.flatMap(({ moves: handlers }) => handlers.flatMap((name) => Array(times).fill({ handler: name }))),
    report: { handlers: moves.flatMap(handlersOf), total: { round_trips_per_day: times * 6, waiting_s_per_day: 12, origin_requests_per_day: times * 7 } },
  };
  const after = { interactions: lived(200, () => 1), rows: [], report: { handlers: moves.flatMap(({ to }) => to.map((name) => reported(name, "keep", null))) } };
  return { before, after };
}

function reported(name, verdict, benefit) {
  if (name.includes("#")) return { kind: "server_action", action: name, verdict, benefit };
  const [kind, method, route] = name.startsWith("page ") ? ["page", "GET", name.slice(5)] : ["route_handler", ...name.split(" ")];
  return { kind, method, route, action: null, verdict, benefit };
}

function benefitOf(what, verdict) {
  return {
    interactions_per_day: times, round_trips_per_interaction: verdict === "move_to_server_component" ? 1 : tripsSaved[what],
    requests_per_interaction: 1, ms_per_interaction_p50: 80, assumed: { round_trip_ms: 20, ms_per_interaction_p50: 20 },
  };
}

/** The faults that a change of the two runs makes, of one row. */
function faultsOf(what, change = () => {}) {
  const { before, after } = runs();
  change({ before, after, handler: before.report.handlers[0], cart: before.report.handlers[0].benefit, total: before.report.total });
  return compareRuns(before, after).find((row) => row.what === what).faults;
}

test("a promise that is kept has no faults", () => {
  for (const what of [...Object.keys(tripsSaved), "all together"]) assert.deepEqual(faultsOf(what), [], what);
});

test("each way of not keeping a promise is a fault", () => {
  const faults = (change) => faultsOf("add to the cart", change);
  assert.deepEqual(faults(({ cart }) => (cart.round_trips_per_interaction = 1.02)), ["what was promised of round trips was not found"]);
  assert.deepEqual(faults(({ cart }) => delete cart.round_trips_per_interaction), ["the report promises nothing of round trips"]);
  assert.deepEqual(faults(({ cart }) => (cart.ms_per_interaction_p50 = 104)), []);
  assert.deepEqual(faults(({ cart }) => (cart.ms_per_interaction_p50 = 106)), ["what was promised of waiting was not found"]);
  assert.deepEqual(faults(({ cart }) => Object.assign(cart, { assumed: null, ms_per_interaction_p50: 74 })), ["what was promised of waiting was not found"]);
  assert.deepEqual(faults(({ cart }) => (cart.requests_per_interaction = 1.2)), ["what was promised of requests was not found"]);
  assert.equal(faults(({ handler }) => (handler.benefit = null)).filter((text) => text.startsWith("the report promises nothing")).length, 3);
  assert.deepEqual(faults(({ handler }) => (handler.verdict = "keep")), ["POST /api/cart should get move_to_server_action, and got keep"]);
  assert.deepEqual(faults(({ after }) => (after.report.handlers[0].verdict = "move_to_route_handler")), [
    "actions/addToCart.ts#addToCart should be kept once it is moved, and got move_to_route_handler",
  ]);
  assert.deepEqual(faults(({ before }) => before.interactions.slice(0, 3).forEach((each) => (each.roundTrips = 3))), [
    "3 of 40 interactions took another number of round trips than the others",
  ]);
  const fewer = ({ after }) => after.interactions.splice(after.interactions.findIndex(({ what }) => what === "add to the cart"), 1);
  assert.deepEqual(faults(fewer), ["39 interactions are too few, at least 40 are needed"]);
});

test("the total counts nothing twice and forgets nothing", () => {
  const faults = (change) => faultsOf("all together", change);
  assert.deepEqual(faults(({ total }) => (total.round_trips_per_day = times * 4)), ["what was promised of round trips was not found"]);
  assert.deepEqual(faults(({ total }) => (total.waiting_s_per_day = 20)), ["what was promised of waiting was not found"]);
  assert.equal(faults(({ before }) => delete before.report.total).length, 3);
});

test("the table says what was promised, found and not kept", () => {
  const { before, after } = runs();
  before.report.handlers[0].benefit.ms_per_interaction_p50 = 200;
  const text = asTable(compareRuns(before, after), { roundTripMs: 60, seed: 1 });
  assert.match(text, /^add to the cart: POST \/api\/cart -> move_to_server_action, 40 and 40 times\n  round trips +2\.00 +1\.00 +1\.00 +1\.00 +exactly\n/m);
  assert.match(text, /waiting p50, ms +300\.0 +200\.0 +100\.0 +220\.0 +\+120 %/);
  assert.match(text, /NOT KEPT: what was promised of waiting was not found/);
});

test("the way is long and changes nothing", async () => {
  const echo = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const roundTripMs = 40;
  const way = await openDistance({ host: "127.0.0.1", port: 0, to: { host: "127.0.0.1", port: echo.address().port }, roundTripMs });
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index}\n`);
  const { text, firstAfter } = await said(way.port, lines);
  assert.equal(text, lines.join(""));
  // Each of the two timers may end a millisecond early; sooner no answer can come.
  assert.ok(firstAfter >= roundTripMs - 2, `the first answer came after ${firstAfter} ms`);
  await way.close();
  await new Promise((resolve) => echo.close(resolve));
});

/** All that is answered to these lines, and after how many ms the answer began. */
function said(port, lines) {
  const beganAt = performance.now();
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    const chunks = [];
    let firstAfter = null;
    socket.on("data", (bytes) => {
      firstAfter ??= performance.now() - beganAt;
      chunks.push(bytes);
    });
    socket.on("error", reject);
    socket.on("end", () => resolve({ text: Buffer.concat(chunks).toString(), firstAfter }));
    for (const line of lines) socket.write(line);
    socket.end();
  });
}
