// How far figures can differ although nobody is wrong. The log is written at the doors, Pointsman's clock is the app's: a
// request that waits until the app has time for it starts later there. So the same log is looked at many times, with
// each moment where the app may have seen it, and every figure gets the range that it then has. A pair of calls near
// the edge of a window widens the range by one; all others leave it alone.
import { chance } from "./chance.mjs";
import { labelledCalls, quantile } from "./figures.mjs";
import { greatest } from "./lateness.mjs";

const views = 40;
/** Besides views by chance those in which all moments are the earliest or the latest: a busy app is late with everything. */
const corners = [[0, 0], [0, 1], [1, 0], [1, 1]];
/** And those in which it was late with all but the first action of each burst, or with that one only: the longest and the shortest waits. */
const waits = [[0, 1], [1, 0]];
/**
 * The app is done with an answer when it has handed over the last byte, and says so when it next has time. Measured over
 * 2,300 requests of a run with eight browsers on two busy cores: from 57 ms before to 34 ms after the door has
 * the last byte, and within 13 ms for 95 of 100.
 */
const endsEarlier = 60;
const endsLater = 40;

/** On a busier machine than that it is what was measured in the run itself (lateness.mjs). */
function ends(lateness) {
  return { earlier: Math.max(endsEarlier, lateness?.doors ?? 0), later: Math.max(endsLater, greatest(lateness?.app ?? {})) };
}

/** Handler -> label -> { truth, least, most }: counts of calls, or medians (ms) of what is measured. A label without calls is missing. */
export function rangesOf(rows, lateness = null, seed = 1) {
  const numbered = rows.map((row, number) => ({ ...row, number }));
  const truth = labelledCalls(numbered);
  const luck = chance(seed);
  const bounds = ends(lateness);
  const anywhere = () => [0, 1, luck.between(0, 1_000) / 1_000][luck.between(0, 2)];
  const firsts = firstOfBursts(truth);
  const places = [
    ...corners.map((place) => () => place),
    ...waits.map(([first, others]) => ({ number }) => [firsts.has(number) ? first : others, others]),
    ...Array(views).fill(() => [anywhere(), anywhere()]),
  ];
  const seen = [truth, ...places.map((place) => labelledCalls(numbered.map((row) => asTheAppMaySee(row, place(row), bounds, numbered, luck))))];
  const handlers = new Map();
  for (const handler of new Set(rows.map((row) => row.handler))) {
    const names = new Set(seen.flatMap((view) => [...(view.get(handler)?.keys() ?? [])]));
    const range = (label) => {
      const sets = seen.map((view) => view.get(handler)?.get(label) ?? new Map());
      if (measured.has(label)) {
        const medians = sets.filter(({ size }) => size > 0).map((set) => quantile([...set.values()], 0.5));
        // Where only some views have any, it may as well not be known.
        const there = sets[0].size > 0 ? medians[0] : null;
        return { truth: there, least: Math.min(...medians), most: Math.max(...medians) };
      }
      const ever = new Set(sets.flatMap((set) => [...set.keys()]));
      const always = [...ever].filter((number) => sets.every((set) => set.has(number)));
      const sizes = sets.map(({ size }) => size);
      // What counts beginnings moves from call to call: there only the counts can be compared.
      const [least, most] = beginnings.has(label) ? [Math.min(...sizes), Math.max(...sizes)] : [always.length, ever.size];
      return { truth: sets[0].size, least, most };
    };
    handlers.set(handler, new Map([...names].map((label) => [label, range(label)])));
  }
  return handlers;
}

/** Numbers of the actions that waited for none. */
function firstOfBursts(truth) {
  const waited = [...truth.values()].flatMap((labels) => [...(labels.get("queue_wait") ?? [])]);
  return new Set(waited.filter(([, ms]) => ms === 0).map(([number]) => number));
}

const beginnings = new Set(["burst", "poll"]);
const measured = new Set(["refresh_gap", "queue_wait", "poll_interval"]);

/** One of the ways that the app may have seen a request: places between the earliest (0) and the latest (1) moments. */
function asTheAppMaySee(row, [startPlace, endPlace], { earlier, later }, rows, luck) {
  const between = (low, high, place) => low + place * Math.max(0, high - low);
  // It sees the head after the door has, and before it answers.
  const start = between(row.start, row.begun ?? row.end, startPlace);
  const end = Math.max(start, between(Math.max(row.begun ?? row.start, row.end - earlier), row.end + later, endPlace));
  return { ...row, start, end, ...(row.aborted && luck.happens(0.5) && asAnswered(row, rows, luck)) };
}

/** The app may have answered in full before it heard that the caller had gone: as it answered the same request another time. */
function asAnswered(row, rows, luck) {
  const same = rows.filter(({ key, status, hash }) => key === row.key && status === 200 && hash !== null);
  return { status: row.status ?? 200, hash: same.length > 0 ? luck.pick(same).hash : null };
}
