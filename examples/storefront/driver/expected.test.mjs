// expected.json, moved.json and README.md keep up with the app: every handler and page of the source is listed once, in
// moved.json those that take another's place behind the switch, and nothing else is. Whether Pointsman agrees with the
// verdicts is tested end to end, elsewhere.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nameOf } from "./agreement.mjs";
import { moves } from "./promises.mjs";
import { storefrontFolder } from "./storefront.mjs";

const expected = JSON.parse(readFileSync(join(storefrontFolder, "expected.json"), "utf8"));
const source = (path) => readFileSync(join(storefrontFolder, path), "utf8");
const filesIn = (folder, name) =>
  readdirSync(join(storefrontFolder, folder), { recursive: true }).filter((path) => name.test(path)).map((path) => `${folder}/${path}`);

const movedTo = moves.flatMap(({ to }) => to).filter((name) => !name.startsWith("page "));

test("every route handler, action, pages/api handler and page is listed once", () => {
  const routes = filesIn("app", /(^|\/)route\.ts$/).flatMap((file) => {
    const route = file.replace(/^app/, "").replace(/\/route\.ts$/, "");
    const methods = [...source(file).matchAll(/export (?:async )?function ([A-Z]+)\(/g)].map(([, method]) => method);
    return methods.filter((method) => method !== "OPTIONS").map((method) => `route_handler ${method} ${route}`);
  });
  const pages = filesIn("app", /(^|\/)page\.tsx$/).map((file) => `page GET ${file.replace(/^app/, "").replace(/\/page\.tsx$/, "") || "/"}`);
  const actions = filesIn("actions", /\.ts$/).map((file) => `server_action ${file}#${file.slice("actions/".length, -".ts".length)}`);
  const legacy = filesIn("pages", /\.ts$/).map((file) => `pages_api POST ${file.replace(/^pages/, "").replace(/\.ts$/, "")}`);

  const asTheShopStands = expected.map((row) => (row.action ? `${row.kind} ${row.action}` : `${row.kind} ${row.method} ${row.route}`));
  const listed = [...asTheShopStands, ...movedTo.map((name) => `${name.includes("#") ? "server_action" : "route_handler"} ${name}`)];
  assert.deepEqual(listed.toSorted(), [...routes, ...pages, ...actions, ...legacy].toSorted());
});

test("every verdict is one of the report's, and appears", () => {
  const words = ["insufficient_evidence", "keep", "move_to_route_handler", "move_to_server_action", "move_to_server_component"];
  assert.deepEqual([...new Set(expected.map((row) => row.verdict))].toSorted(), words);
});

test("each handler's file opens with its verdict or what it should become", () => {
  for (const row of expected.filter((each) => each.kind !== "page")) {
    const file = row.action ? row.action.split("#")[0] : row.kind === "pages_api" ? `pages${row.route}.ts` : `app${row.route}/route.ts`;
    const opening = source(file).split("\n\n")[0].replaceAll("\n// ", " ");
    assert.ok(opening.includes(row.verdict), `${file} does not say ${row.verdict}`);
    for (const improvement of row.improvements) assert.ok(opening.includes(improvement), `${file} does not say ${improvement}`);
  }
});

test("what is moved is what should be", () => {
  const pages = new Set(expected.filter((row) => row.kind === "page").map((row) => row.route));
  for (const { moves: handlers, verdict, page } of moves) {
    assert.ok(pages.has(page), page);
    for (const name of handlers) assert.equal(expected.find((row) => nameOf(row) === name)?.verdict, verdict, name);
  }
});

test("the README names every handler and its verdict", () => {
  const lines = source("README.md").split("\n");
  for (const row of expected.filter((each) => each.kind !== "page")) {
    const name = row.action?.split("#")[1] ?? `${row.method} ${row.route}`;
    const line = lines.find((each) => each.startsWith(`| \`${name}\``));
    assert.ok(line?.includes(row.verdict), `the README's line of ${name} does not say ${row.verdict}`);
  }
  for (const name of movedTo) assert.ok(source("README.md").includes(`\`${name.split("#").at(-1)}\``), `the README does not name ${name}`);
});
