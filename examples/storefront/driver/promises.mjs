// What a report promises of the moves in moved.json, beside what two runs found: per interaction, as a person lives it.
// Only compares; who plays the runs is proof-run.mjs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nameOf } from "./agreement.mjs";
import { quantile } from "./round-trips.mjs";
import { storefrontFolder } from "./storefront.mjs";

/** What is moved: `moves` are the handlers as they stand, `to` those that take their place, `page` where it happens. */
export const moves = JSON.parse(readFileSync(join(storefrontFolder, "moved.json"), "utf8"));

const names = { roundTrips: "round trips", ms: "waiting", requests: "requests" };

/** Counts are whole; what is summed up from shares may be off by its rounding. */
const exactly = 0.005;
/** How far the found waiting may be from the promised, as a part of the found. */
const waitingWithin = 0.25;
/** How far the found requests per interaction may be from the promised: a prefetch may be given up. */
const requestsWithin = 0.1;
/** Of interactions that took another number of round trips than most: more, and the runs are no proof. */
const oddOnes = 0.05;
/** Of each thing, in each run: a median of fewer says little. */
const fewestInteractions = 40;

/**
 * One row per move, and one for all together. Numbers are savings, of a move per interaction, null where nobody told
 * them: `promised` and `found` with `roundTrips`, `ms` (of a move the median) and `requests`; `before` and `after` are the
 * two runs. `faults` says what of the promise was not kept, in sentences.
 */
export function compareRuns(before, after) {
  const rows = moves.map((move) => {
    const lived = [before, after].map((run) => livedIn(run, move));
    const row = { ...move, promised: promiseOf(move, before.report), found: savedBetween(...lived), before: lived[0], after: lived[1] };
    return { ...row, faults: [...faultsOf(row), ...runFaults(row), ...verdictFaults(move, before.report, after.report)] };
  });
  return [...rows, together(rows, before.report)];
}

/** The report's total, in which nothing may count twice and nothing be forgotten. */
function together(rows, report) {
  const [before, after] = ["before", "after"].map((run) => ({ ...allOf(rows.map((row) => row[run])), interactions: interactionsOf(rows, run) }));
  const row = { what: "all together", promised: totalOf(report, rows[0]), found: savedBetween(before, after), before, after };
  return { ...row, faults: faultsOf(row, before.interactions) };
}

function interactionsOf(rows, run) {
  return sum(rows.map((row) => row[run].interactions));
}

function allOf(lived) {
  return eachFigure((key) => sum(lived.map((each) => (each[key] === null ? null : each[key] * each.interactions))));
}

/** What the total promises for the run: it is told per day, and a run may be counted as more than one. */
function totalOf(report, { moves: [name], before }) {
  const perDay = handlerNamed(report, name)?.benefit?.interactions_per_day;
  if (!report.total || !(perDay > 0)) return eachFigure(() => null);
  const { round_trips_per_day: roundTrips, waiting_s_per_day: seconds, origin_requests_per_day: requests } = report.total;
  const daily = { roundTrips, ms: seconds * 1_000, requests };
  return eachFigure((key) => (daily[key] * before.interactions) / perDay);
}

function savedBetween(before, after) {
  return eachFigure((key) => (before[key] === null || after[key] === null ? null : before[key] - after[key]));
}

function eachFigure(read) {
  return Object.fromEntries(Object.keys(names).map((key) => [key, read(key)]));
}

/** What a run's people lived of one of the things that are moved. */
function livedIn({ interactions, rows }, { what, page, moves: from, to }) {
  const of = interactions.filter((each) => each.what === what);
  const handlers = new Set([`page ${page}`, ...from, ...to]);
  const roundTrips = quantile(of.map((each) => each.roundTrips), 0.5);
  return {
    interactions: of.length,
    roundTrips,
    odd: of.filter((each) => each.roundTrips !== roundTrips).length,
    ms: quantile(of.map((each) => each.ms), 0.5),
    p95: quantile(of.map((each) => each.ms), 0.95),
    // All that came in by the door for it: loads of its page, which both runs have, and what is fetched in advance.
    requests: of.length === 0 ? null : rows.filter(({ handler }) => handlers.has(handler)).length / of.length,
  };
}

/**
 * What the report promises of a move, of all its handlers together. They share an interaction: the waiting of the one
 * that ends last holds that of the others. A read that its page brings along is a round trip less each; of reads that
 * run at the same time each one promises the same, the whole row's.
 */
function promiseOf({ moves: handlers, verdict }, report) {
  const benefits = handlers.map((name) => handlerNamed(report, name)?.benefit);
  const told = (read) => benefits.map((benefit) => (benefit ? read(benefit) : undefined) ?? null);
  const waiting = ({ ms_per_interaction_p50: measured, assumed }) => measured + (assumed?.ms_per_interaction_p50 ?? 0);
  return {
    roundTrips: (verdict === "move_to_server_component" ? sum : most)(told((benefit) => benefit.round_trips_per_interaction)),
    ms: most(told(waiting)),
    requests: sum(told((benefit) => benefit.requests_per_interaction)),
  };
}

function faultsOf({ promised, found }, times = 1) {
  const mayBeOff = { roundTrips: exactly * times, ms: waitingWithin * Math.abs(found.ms), requests: requestsWithin * times };
  return Object.entries(mayBeOff).flatMap(([key, most]) => {
    if (promised[key] === null) return [`the report promises nothing of ${names[key]}`];
    if (found[key] === null) return [`nothing was found of ${names[key]}`];
    return Math.abs(promised[key] - found[key]) <= most ? [] : [`what was promised of ${names[key]} was not found`];
  });
}

function runFaults({ before, after }) {
  const runs = [before, after];
  const few = runs.filter((run) => run.interactions < fewestInteractions);
  const odd = runs.filter((run) => run.odd > oddOnes * run.interactions);
  return [
    ...few.map((run) => `${run.interactions} interactions are too few, at least ${fewestInteractions} are needed`),
    ...odd.map((run) => `${run.odd} of ${run.interactions} interactions took another number of round trips than the others`),
  ];
}

/** Advised before, and not taken back afterwards. */
function verdictFaults({ moves: handlers, to, verdict }, before, after) {
  const said = (report, name) => handlerNamed(report, name)?.verdict ?? "nothing";
  return [
    ...handlers.filter((name) => said(before, name) !== verdict).map((name) => `${name} should get ${verdict}, and got ${said(before, name)}`),
    ...to.filter((name) => said(after, name) !== "keep").map((name) => `${name} should be kept once it is moved, and got ${said(after, name)}`),
  ];
}

function handlerNamed(report, name) {
  return report.handlers.find((handler) => nameOf(handler) === name);
}

function sum(values) {
  return values.includes(null) ? null : values.reduce((total, value) => total + value, 0);
}

function most(values) {
  return values.includes(null) ? null : Math.max(...values);
}
