// Each figure that Pointsman measured beside the truth: one row per handler and figure, with the error that is allowed and
// why. Exact where it must be exact; within 1 % where it is a sketch; where it depends on a clock, within what the log
// says the two clocks can see differently (doubt.mjs).
import { nameOf } from "./agreement.mjs";
import { rangesOf } from "./doubt.mjs";
import { countsOf, lifetimes, quantile } from "./figures.mjs";
import { mostOfSums } from "./lateness.mjs";
import { rowsOf } from "./request-log.mjs";

/** Relative error of the sketches. */
const sketch = 0.01;
/** Fewer distinct clients are counted; as many and more are estimated. */
const estimatedClients = 1_024;
/** Three standard errors of that estimate. */
const estimate = 0.094;
/** The body that an action takes, bytes: Next.js's default, which the storefront leaves as it is. */
const bodyLimit = 1_048_576;
/** The two processes read the same clock, in whole microseconds, and not at the same moment. */
const readingMs = 1;
/** The door has the last byte before the app has noticed its end: it notices when its event loop comes round. For runs in which nobody measured that. */
const noticingMs = 2;

/**
 * Compares the truth of a run (as it was written) with the output of `pointsman explain --format json`. Returns all rows,
 * those that are wrong, and the table as text.
 */
export function compare(truth, explained) {
  const rows = rowsOf(truth.log);
  const [counts, ranges] = [countsOf(rows), rangesOf(rows, truth.lateness)];
  const measured = new Map();
  const table = [];
  for (const handler of explained.handlers) {
    const name = handler.kind === "unmatched" ? "unmatched" : nameOf(handler);
    if (measured.has(name)) table.push(exact(name, "is listed", 1, 2));
    measured.set(name, handler);
  }
  for (const name of [...new Set([...counts.keys(), ...measured.keys()])].sort()) {
    const [there, said] = [counts.get(name), measured.get(name)];
    if (!there || !said) table.push(exact(name, "is listed", there ? 1 : 0, said ? 1 : 0));
    else table.push(...figuresOf(name, there, ranges.get(name) ?? new Map(), said, truth));
  }
  return { table, faults: table.filter(({ ok }) => !ok), text: asText(table) };
}

function figuresOf(name, there, range, said, { started_at, lateness }) {
  return [
    ...frequency(name, there, said.frequency, Date.parse(started_at)),
    ...outcomes(name, there, said.errors),
    ...time(name, there, said.time, lateness?.app?.[name] ?? [noticingMs]),
    ...payload(name, there, said.payload, said.kind === "server_action"),
    ...cache(name, there, range, said),
    ...tallies(name, "calls by", there.callers, Object.fromEntries(said.callers.map((each) => [each.class, each.calls]))),
    ...tallies(name, "calls from", there.pages, Object.fromEntries(said.pages.map((each) => [each.route, each.calls]))),
    exact(name, "calls of known clients", there.calls, said.sequences?.client_known ?? null),
    ...sequences(name, there, range, said.sequences, said.kind === "server_action"),
  ];
}

function frequency(name, there, said, startedAt) {
  const at = (hour, clock) => there.starts.filter((moments) => new Date(startedAt + moments[clock]).getUTCHours() === hour).length;
  const hours = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => at(hour, 0) + at(hour, 1) + said.by_hour_of_day[hour] > 0);
  const days = new Set(there.starts.map(([start]) => new Date(startedAt + start).toISOString().slice(0, 10))).size;
  const clients = there.clients < estimatedClients ? 0 : estimate * there.clients;
  return [
    exact(name, "calls observed", there.calls, said.observed),
    exact(name, "calls", there.calls, said.calls),
    exact(name, "calls, least", there.calls, said.interval[0]),
    exact(name, "calls, most", there.calls, said.interval[1]),
    exact(name, "days seen", days, said.days_seen),
    // A call near a full hour may be in the one or in the other.
    ...hours.map((hour) => between(name, `calls from ${hour}:00 on`, at(hour, 0), [Math.min(at(hour, 0), at(hour, 1)), Math.max(at(hour, 0), at(hour, 1))], said.by_hour_of_day[hour])),
    between(name, "clients", there.clients, [there.clients - clients, there.clients + clients], said.clients),
  ];
}

/** Of a caller who went away the app may have known before it answered, or not: then the call counts as answered. */
function outcomes(name, there, said) {
  const orAborted = (count) => [count, count + there.aborted];
  return [
    between(name, "status known", there.calls - there.aborted, orAborted(there.calls - there.aborted), said.status_known),
    between(name, "answered 2xx, 3xx", there.succeeded, orAborted(there.succeeded), said.succeeded),
    between(name, "answered 4xx", there.clientErrors, orAborted(there.clientErrors), said.client_error),
    between(name, "answered 5xx", there.serverErrors, orAborted(there.serverErrors), said.server_error),
    between(name, "caller went away", there.aborted, [0, there.aborted], said.client_gone),
    ...["unknown_action", "body_too_large", "origin_mismatch"].map((fault) => exact(name, fault.replaceAll("_", " "), 0, said[fault])),
  ];
}

/** How long the app took can only be less than what passed at the doors, but for when it notices the end. */
function time(name, there, said, late) {
  const known = there.durations.length === there.calls;
  if (!known || said.duration_ms === null) return known ? [exact(name, "durations", there.calls, null)] : [];
  const most = (q) => mostOfSums(q, there.durations, late) * (1 + sketch) + readingMs;
  return [
    exact(name, "durations", there.calls, said.duration_ms.count),
    ...[["p50", 0.5], ["p95", 0.95]].map(([rank, q]) => between(name, `duration ${rank}, ms`, round(quantile(there.durations, q)), [0, most(q)], said.duration_ms[rank])),
  ];
}

function payload(name, there, said, isAction) {
  const over = (share) => there.sent.filter((bytes) => bytes > share * bodyLimit).length / there.calls;
  const limits = [["action body limit", bodyLimit, said.action_body_limit], ["share over it", over(1), said.over_limit], ["share over 70 %", over(0.7), said.over_70_percent]];
  return [
    ...bytes(name, "request", there.sent, said.request_bytes),
    ...bytes(name, "response", there.received, said.response_bytes),
    ...(isAction ? limits.map((row) => exact(name, ...row)) : []),
  ];
}

/** Bytes that the door does not know may be any: they widen the ranks. */
function bytes(name, what, values, said) {
  const known = values.filter((value) => value !== null);
  const count = between(name, `${what} bodies`, known.length, [known.length, values.length], said?.count ?? null);
  if (known.length === 0 || said === null) return [count];
  return [count, ...[["p50", 0.5], ["p95", 0.95]].map(([rank, q]) => {
    const ifAll = (unknown) => quantile([...known, ...Array(values.length - known.length).fill(unknown)], q);
    return between(name, `${what} bytes ${rank}`, quantile(known, q), [ifAll(0) * (1 - sketch), ifAll(Infinity) * (1 + sketch)], said[rank]);
  })];
}

/** What the headers of answers tell a cache counts where a cache may stand: with GET. */
function cache(name, there, range, { method, cache: said }) {
  const comparable = range.get("comparable") ?? nothing;
  if (said === null) return comparable.least > 0 || method === "GET" ? [exact(name, "comparable answers", comparable.truth, null)] : [];
  const potential = ["shared", "private"].flatMap((kind) => lifetimes.map((seconds, at) => {
    const { truth, least, most } = range.get(`${kind} ${seconds}`) ?? nothing;
    const repeats = said[kind].find((each) => each.seconds === seconds)?.repeats ?? null;
    return between(name, `${kind} answers, ${lifetimes[at]} s`, truth, [least, most], repeats);
  }));
  const ofGet = (figure, truth, measured) =>
    method === "GET" ? between(name, figure, truth, [truth, truth + there.headsUnknown], measured) : exact(name, figure, null, measured);
  return [
    ofGet("cache hits", there.cacheHits, said.hits),
    ofGet("cache misses", there.cacheMisses, said.misses),
    ofGet("not modified", there.notModified, said.not_modified),
    ofGet("with cache-control", there.cacheControl, said.cache_control),
    ofGet("may be kept", there.mayBeKept, said.may_be_kept),
    inRange(name, "comparable answers", comparable, said.comparable),
    // Where nothing could be compared it is not known what a cache could do.
    ...(comparable.most === 0 ? [exact(name, "lifetimes compared", 0, said.shared.length + said.private.length)] : potential),
  ];
}

function sequences(name, there, range, said, isAction) {
  if (said === null) return [exact(name, "sequences are known", "yes", null)];
  const retries = range.get("retry") ?? nothing;
  const ofAborted = range.get("retry_of_aborted") ?? nothing;
  return [
    exact(name, "sequences are known", "yes", said.absent === null ? "yes" : said.absent),
    inRange(name, "could be followed", range.get("followable"), said.followable),
    inRange(name, "followed by a refresh", range.get("refresh"), said.followed_by_refresh),
    inRange(name, "followed by a document", range.get("document"), said.followed_by_document),
    inRange(name, "followed by a re-fetch", range.get("refetch"), said.followed_by_refetch),
    inRange(name, "in bursts", range.get("in_burst"), said.in_burst),
    inRange(name, "bursts", range.get("burst"), said.bursts),
    ...median(name, "refreshed after, ms", range.get("refresh_gap"), said.refresh_gap_ms),
    inRange(name, "actions in order", range.get("sequenced"), said.sequenced),
    ...median(name, "wait in bursts, ms", range.get("queue_wait"), said.queue_wait_ms),
    inRange(name, "in polls", range.get("polled"), said.polled),
    inRange(name, "polls", range.get("poll"), said.polls),
    ...median(name, "pause of polls, ms", range.get("poll_interval"), said.poll_interval_ms),
    isAction ? inRange(name, "typed", range.get("typed"), said.typed) : exact(name, "typed", null, said.typed),
    inRange(name, "soon after the load", range.get("soon"), said.soon_after_load),
    inRange(name, "reads in order", range.get("reads_sequenced"), said.reads_sequenced),
    inRange(name, "reads soon after it", range.get("reads_soon"), said.reads_soon_after_load),
    there.hasKeys ? inRange(name, "duplicates", range.get("duplicate"), said.duplicates) : exact(name, "duplicates", null, said.duplicates),
    // Whether the app knew that the caller of the first try had gone, the door cannot tell.
    there.hasKeys
      ? between(name, "retries", retries.truth + ofAborted.truth, [retries.least, retries.most + ofAborted.most], said.retries)
      : exact(name, "retries", null, said.retries),
    inRange(name, "parallel reads", range.get("parallel"), said.parallel_reads),
    // One instance has one clock.
    exact(name, "in no certain order", 0, said.unordered),
  ];
}

const nothing = { truth: 0, least: 0, most: 0 };

function inRange(name, figure, { truth, least, most } = nothing, said) {
  return between(name, figure, truth, [least, most], said);
}

function median(name, figure, range, said) {
  if (!range || (range.truth === null && said === null)) return said === null ? [] : [exact(name, figure, null, said.p50)];
  return [between(name, figure, round(range.truth), [range.least * (1 - sketch) - readingMs, range.most * (1 + sketch) + readingMs], said?.p50 ?? null)];
}

/** What was counted by name: each name as often as in truth, and no other. */
function tallies(name, figure, there, said) {
  return [...new Set([...Object.keys(there), ...Object.keys(said)])].map((key) => exact(name, `${figure} ${key}`, there[key] ?? 0, said[key] ?? 0));
}

function exact(handler, figure, truth, measured) {
  return { handler, figure, truth, measured, allowed: "exact", ok: measured === truth };
}

/** Not known (null, or a field that is not there) is never right here: the run told everything. */
function between(handler, figure, truth, [least, most], measured) {
  const allowed = least === most ? "exact" : `${round(least)} to ${round(most)}`;
  return { handler, figure, truth, measured, allowed, ok: typeof measured === "number" && measured >= least && measured <= most };
}

function round(value) {
  return Number.isInteger(value) || !Number.isFinite(value) ? value : Math.round(value * 100) / 100;
}

/** Rows of which nothing is in truth nor measured say little: they are checked like the others, and counted in the last line. */
function asText(table) {
  const cells = ({ handler, figure, truth, measured, allowed, ok }) => [handler, figure, shown(truth), shown(measured), allowed, ok ? "ok" : "BAD"];
  const told = table.filter(({ truth, measured, ok }) => !ok || truth !== 0 || measured !== 0);
  const lines = [["handler", "figure", "truth", "measured", "allowed", ""], ...told.map(cells)];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const bad = table.filter(({ ok }) => !ok).length;
  return [
    ...lines.map((line) => line.map((cell, column) => (isNumeric(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join("  ").trimEnd()),
    `${table.length} figures of ${new Set(table.map(({ handler }) => handler)).size} handlers: ${table.length - told.length} are 0 in truth and measured, ${bad} are BAD`,
  ].join("\n");
}

const isNumeric = (column) => column === 2 || column === 3;
const shown = (value) => (value === null || value === undefined ? "not known" : String(typeof value === "number" ? round(value) : value));
