// Which handler of the storefront a request went to, under the names that the truth file uses:
// "POST /api/cart", "actions/addReview.ts#addReview", "page /cart". Says nothing about verdicts: see expected.json.
import { readFileSync } from "node:fs";

const parameterised = [
  [/^\/product\/[^/]+$/, "/product/[id]"],
  [/^\/orders\/[^/]+$/, "/orders/[id]"],
  [/^\/api\/returns\/[^/]+$/, "/api/returns/[id]"],
];

export function routeOf(path) {
  return parameterised.find(([pattern]) => pattern.test(path))?.[1] ?? path;
}

/** Action id -> "file#name", from the app's build. Ids change with each build, so this is read for each run. */
export function readActionNames(appFolder) {
  const manifest = JSON.parse(readFileSync(`${appFolder}/.next/server/server-reference-manifest.json`, "utf8"));
  return new Map(Object.entries(manifest.node).map(([id, { filename, exportedName }]) => [id, `${filename}#${exportedName}`]));
}

/** The only form that also posts without JavaScript, and then carries no action id in its headers. */
const formActions = new Map([["/newsletter", "actions/subscribe.ts#subscribe"]]);

export function handlerOf({ method, path, actionId }, actionNames) {
  const route = routeOf(path);
  if (route.startsWith("/api/")) return `${method} ${route}`;
  if (actionId) return actionNames.get(actionId) ?? `unknown action on ${route}`;
  if (method === "POST") return formActions.get(route) ?? `POST ${route}`;
  return `page ${route}`;
}
