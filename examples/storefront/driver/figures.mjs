// What the log of requests says of each handler: the figures that Pointsman should have found. Computed from the log
// alone, with definitions of their own, which stand here and in sequences.mjs in words: where Pointsman's figure differs,
// one of both is wrong, and figures-table.mjs says so. How far the two can differ because they look at different clocks
// is the business of doubt.mjs.
import { routeOf } from "./handlers.mjs";
import { labelsOf } from "./sequences.mjs";

/** For how long a cache might keep an answer, s. */
export const lifetimes = [1, 10, 60, 300];

/** A preflight asks for permission; it is no call. */
export const isCall = ({ how }) => how !== "preflight";

/** The page that a call comes from. An action is posted to its page; on the way to another one the browser still names the old one. */
const pageOf = ({ how, path, page }) => (how === "action" && page !== null ? path : page);

/** Whether a cache, of the browser or on the way, may answer from what it has been told. */
function mayBeKept(cacheControl) {
  const said = (cacheControl ?? "").toLowerCase().split(",").map((word) => word.trim());
  return !said.includes("no-store") && (said.includes("public") || said.some((word) => /^(max-age|s-maxage)=0*[1-9]/.test(word)));
}

/** By handler: what can be counted without looking at what else a client did. */
export function countsOf(rows) {
  return perHandler(rows.filter(isCall), (calls) => {
    const within = (low, high) => calls.filter(({ status, aborted }) => !aborted && status >= low && status < high).length;
    return {
      calls: calls.length,
      callers: tally(calls, ({ caller }) => caller),
      succeeded: within(200, 400),
      clientErrors: within(400, 500),
      serverErrors: within(500, 600),
      // Whoever goes away may do so before the app answers, while it does, or when it has just done so: it cannot tell all of them.
      aborted: calls.filter(({ aborted }) => aborted).length,
      clients: new Set(calls.map(({ client }) => client)).size,
      // Of these neither the door nor whoever asked has seen the answer's head.
      headsUnknown: calls.filter(({ status, unseen }) => status === null || unseen).length,
      cacheHits: calls.filter(({ cached }) => cached === "HIT").length,
      cacheMisses: calls.filter(({ cached }) => cached === "MISS").length,
      notModified: calls.filter(({ status }) => status === 304).length,
      cacheControl: calls.filter(({ cacheControl }) => cacheControl !== null).length,
      mayBeKept: calls.filter(({ status, cacheControl }) => status === 304 || mayBeKept(cacheControl)).length,
      pages: tally(calls.filter((row) => pageOf(row) !== null), (row) => routeOf(pageOf(row))),
      // null is not known: of what the door did not see, and of answers that were cut short.
      sent: calls.map(({ sent }) => sent),
      received: calls.map(({ received, aborted }) => (aborted ? null : received)),
      // Without any key nobody can tell whether a request is the same as another one.
      hasKeys: calls.some(({ key }) => key !== null),
      starts: calls.map(({ start, begun, end }) => [start, begun ?? end]),
      durations: calls.filter(({ aborted, unseen }) => !aborted && !unseen).map(({ start, end }) => end - start),
    };
  });
}

/**
 * By handler: which of its calls are part of a sequence (sequences.mjs), and which a cache could have answered. A label
 * has row numbers, each with its value where it measures something, so that different views of the same log can be
 * compared call by call.
 */
export function labelledCalls(rows) {
  const labels = [...labelsOf(rows.filter(isCall)), ...cacheable(rows)];
  const byHandler = new Map();
  for (const [label, marked] of labels) {
    for (const [row, value] of marked) {
      const ofHandler = byHandler.get(row.handler) ?? byHandler.set(row.handler, new Map()).get(row.handler);
      (ofHandler.get(label) ?? ofHandler.set(label, new Map()).get(label)).set(row.number, value);
    }
  }
  return byHandler;
}

/**
 * What a cache that keeps each answer for so long could have spared: calls whose answer was that of the latest earlier
 * call for the same thing. Shared: the latest of anyone. Private: the latest of the same client. Looked at are answers
 * 200 of API routes to GET and POST and of actions called by JavaScript, the latter two as if they could be asked by GET.
 */
function cacheable(rows) {
  const eligible = rows.filter(({ how, method, handler, status, key, hash }) =>
    ((how === "plain" && ["GET", "POST"].includes(method) && handler.startsWith(`${method} /api/`)) || how === "action") && status === 200 && key !== null && hash !== null);
  const labels = new Map([["comparable", new Map(eligible.map((row) => [row]))]]);
  for (const [kind, groupOf] of [["shared", ({ key }) => key], ["private", ({ key, client }) => `${key} ${client}`]]) {
    for (const same of grouped(eligible, groupOf)) {
      same.sort((a, b) => a.start - b.start);
      for (let at = 1; at < same.length; at += 1) {
        if (same[at].hash !== same[at - 1].hash) continue;
        const age = same[at].start - same[at - 1].start;
        for (const seconds of lifetimes.filter((each) => age <= each * 1_000)) {
          const label = `${kind} ${seconds}`;
          (labels.get(label) ?? labels.set(label, new Map()).get(label)).set(same[at]);
        }
      }
    }
  }
  return labels;
}

/** The value at position q * (n - 1), counted from zero, of a sorted list; undefined when the list is empty. */
export function quantile(values, q) {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))];
}

export function grouped(rows, groupOf) {
  const groups = new Map();
  for (const row of rows) (groups.get(groupOf(row)) ?? groups.set(groupOf(row), []).get(groupOf(row))).push(row);
  return [...groups.values()];
}

function perHandler(rows, figures) {
  return new Map(grouped(rows, ({ handler }) => handler).map((calls) => [calls[0].handler, figures(calls)]));
}

function tally(rows, valueOf) {
  const counts = {};
  for (const row of rows) counts[valueOf(row)] = (counts[valueOf(row)] ?? 0) + 1;
  return counts;
}
