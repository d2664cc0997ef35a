// Where a report of Pointsman and expected.json differ, as sentences. Says nothing about who is right.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { storefrontFolder } from "./storefront.mjs";

export const expected = JSON.parse(readFileSync(join(storefrontFolder, "expected.json"), "utf8"));

/** The same name for a row of expected.json, a handler of a report, and an entry of the truth. */
export function nameOf({ kind, method, route, action, file }) {
  if (action) return action.includes("#") ? action : `${file}#${action}`;
  return kind === "page" ? `page ${route}` : `${method} ${route}`;
}

/** The handler of a report that a row of expected.json speaks of. */
export function handlerOfRow(report, row) {
  return report.handlers.find((handler) => handler.kind === row.kind && nameOf(handler) === nameOf(row));
}

/** What of a handler differs from its row: verdict, blockers, improvements. */
export function differences(row, handler) {
  if (!handler) return ["it is not in the report"];
  const list = (rules) => rules.toSorted().join(", ") || "none";
  const compared = [
    ["verdict", row.verdict, handler.verdict],
    ["blockers", list(row.blockers), list(handler.blockers)],
    ["improvements", list(row.improvements), list(handler.improvements)],
  ];
  return compared.filter(([, wanted, said]) => wanted !== said).map(([what, wanted, said]) => `${what}: expected ${wanted}, reported ${said}`);
}

/**
 * What is wrong with a handler whose callers were slow: another verdict or a blocker or an improvement that the row does not
 * have. That evidence does not suffice, or that less is said, is not wrong.
 */
export function turned(row, handler) {
  if (!handler) return ["it is not in the report"];
  const others = (what) => handler[what].filter((rule) => !row[what].includes(rule)).map((rule) => `${what}: ${rule}, which nobody expects`);
  const isSilent = [row.verdict, "insufficient_evidence"].includes(handler.verdict);
  return [...(isSilent ? [] : [`verdict: expected ${row.verdict}, reported ${handler.verdict}`]), ...others("blockers"), ...others("improvements")];
}

/** Handlers that a report lists and expected.json does not; requests without a route share one that need not be there. */
export function strangers(report) {
  const known = new Set(expected.map((row) => `${row.kind} ${nameOf(row)}`));
  return report.handlers.filter(({ kind }) => kind !== "unmatched").map((handler) => `${handler.kind} ${nameOf(handler)}`).filter((name) => !known.has(name));
}

/** The whole comparison in a few lines, for people. `calledOnly` leaves out what was not called in this run. */
export function agreement(report, { calledOnly = false } = {}) {
  const rows = calledOnly ? expected.filter((row) => handlerOfRow(report, row)) : expected;
  const judged = rows.map((row) => ({ row, handler: handlerOfRow(report, row) }));
  const right = judged.filter(({ row, handler }) => handler?.verdict === row.verdict);
  const lines = [
    ...judged.flatMap(({ row, handler }) => differences(row, handler).map((difference) => `  ${nameOf(row)}: ${difference}`)),
    ...strangers(report).map((name) => `  ${name}: in the report, and not in expected.json`),
  ];
  const open = judged.filter(({ row, handler }) => handler?.verdict === "insufficient_evidence" && row.verdict !== "insufficient_evidence");
  return {
    isRight: right.length === rows.length,
    open: open.length,
    text: [`${right.length} of ${rows.length} verdicts are as expected.json has them`, ...lines].join("\n"),
  };
}
