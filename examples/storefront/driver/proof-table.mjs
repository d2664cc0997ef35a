// The proof as text: what was lived before and after, what was promised and what was found. Judges nothing.

/** All rows of promises.mjs. */
export function asTable(rows, { roundTripMs, seed }) {
  return [
    `Per interaction, with a round trip of ${roundTripMs} ms (seed ${seed}). Waiting is the median from the click, or the beginning of the`,
    "load, to the frame that shows the result; round trips are those one after another; requests are all that the app answers.",
    "",
    line("", "before", "after", "saved", "promised", "off"),
    ...rows.flatMap(paragraph),
  ].join("\n");
}

function paragraph({ what, moves, verdict, before, after, promised, found, faults }) {
  const figure = (name, key, digits) => line(`  ${name}`, ...[before, after, found, promised].map((run) => number(run[key], digits)), off(promised[key], found[key]));
  const ofOne = moves !== undefined;
  return [
    ofOne ? `${what}: ${moves.map(short).join(", ")} -> ${verdict}, ${before.interactions} and ${after.interactions} times` : `${what}, in the whole run`,
    figure("round trips", "roundTrips", ofOne ? 2 : 0),
    figure(ofOne ? "waiting p50, ms" : "waiting, ms", "ms", ofOne ? 1 : 0),
    ...(ofOne ? [line("  waiting p95, ms", number(before.p95, 1), number(after.p95, 1))] : []),
    figure("requests", "requests", ofOne ? 2 : 0),
    ...(faults.length === 0 ? ["  kept"] : faults.map((fault) => `  NOT KEPT: ${fault}`)),
    "",
  ];
}

function line(name, ...cells) {
  return (name.padEnd(20) + cells.map((cell) => cell.padStart(11)).join("")).trimEnd();
}

function short(handler) {
  return handler.split("#").at(-1);
}

function number(value, digits) {
  return value === null ? "null" : value.toFixed(digits);
}

/** By how much more (+) or less (-) was promised than found. */
function off(promised, found) {
  if (promised === null || found === null) return "null";
  if (promised === found) return "exactly";
  if (found === 0) return (promised > 0 ? "+" : "") + promised.toFixed(2);
  const percent = Math.round(((promised - found) / Math.abs(found)) * 100);
  return percent === 0 ? "under 1 %" : `${percent > 0 ? "+" : ""}${percent} %`;
}
