// Runs inside the app (--import): writes down how long after handing over the last byte of an answer the app noticed that
// it was complete. It changes no request and no answer. Who reads it: lateness.mjs.
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

const everyMs = 500;
const file = `${process.env.STOREFRONT_LATENESS}.${process.pid}`;
let lines = [];

subscribe("http.server.request.start", ({ request, response }) => {
  const { method, url, headers } = request;
  let handedOver = null;
  response.once("prefinish", () => (handedOver = performance.now()));
  response.once("close", () => {
    if (handedOver === null || url.startsWith("/_next/")) return;
    const late = Math.round((performance.now() - handedOver) * 1_000) / 1_000;
    lines.push(JSON.stringify({ method, path: url.split("?")[0], actionId: headers["next-action"], status: response.statusCode, late }));
  });
});

setInterval(() => {
  if (lines.length === 0) return;
  appendFileSync(file, `${lines.join("\n")}\n`);
  lines = [];
}, everyMs).unref();
