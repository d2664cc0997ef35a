// The doors to the app and the log they write, with a small server in place of the app: what passes is unchanged, what is
// written is what passed, and nothing of it is a secret.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { pause } from "./chance.mjs";
import { send } from "./http-client.mjs";
import { RequestLog, rowsOf } from "./request-log.mjs";
import { openTap } from "./tap.mjs";

const text = "Oak reading lamp, ".repeat(50);
const zipped = gzipSync(text);
let app, tap, log, last, skipped;

before(async () => {
  app = http.createServer((request, response) => {
    last = { url: request.url, headers: request.rawHeaders, address: request.socket.remoteAddress };
    const answers = {
      "/api/catalog": () => response.writeHead(200, { "content-encoding": "gzip", "cache-control": "no-store" }).end(zipped),
      "/api/assistant": () => response.writeHead(200).write("data: one\n\n"),
      "/cart": () => response.writeHead(200, { "x-action-redirect": "/newsletter/thanks;push" }).end("0:{}"),
    };
    request.resume().on("end", answers[request.url.split("?")[0]] ?? (() => response.writeHead(404).end("nothing here")));
  });
  await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
  log = new RequestLog(new Map([["40ab", "actions/subscribe.ts#subscribe"]]));
  try {
    tap = await openTap({ baseUrl: `http://127.0.0.1:${app.address().port}`, log });
  } catch (error) {
    if (error.code !== "EADDRNOTAVAIL") throw error;
    skipped = `${error.address} is no address of this machine`;
  }
});

after(async () => {
  await tap?.close();
  app.closeAllConnections();
  app.close();
});

/** As `test`, on machines that have the doors' addresses. */
function check(name, body) {
  test(name, async (context) => (skipped ? context.skip(skipped) : body(context)));
}

async function rows(count) {
  while (log.rows.length < count) await pause(5);
  return rowsOf(JSON.parse(JSON.stringify(log)));
}

check("what passes is unchanged, and written down by size, kind and caller", async () => {
  const headers = { "user-agent": "okhttp/4.12.0", "X-Odd": "as it is", authorization: "Bearer tok_secret", cookie: "theme=dark; sid=5e1f0c77" };
  const { status, body } = await send(`${tap.urls.external}/api/catalog?page=2`, { headers });
  assert.deepEqual([status, body, last.url], [200, zipped.toString(), "/api/catalog?page=2"]);
  assert.ok(last.headers.includes("X-Odd") && last.headers.includes(new URL(tap.urls.external).host));
  const [row] = await rows(1);
  assert.deepEqual(
    { ...row, start: 0, begun: 0, end: 0 },
    {
      handler: "GET /api/catalog", caller: "external", client: 1, method: "GET", path: "/api/catalog", page: null, how: "plain", status: 200,
      aborted: false, redirects: false, cached: null, cacheControl: "no-store", sent: 0, received: zipped.length, inflated: text.length, argument: 6,
      key: 1, hash: 1, start: 0, begun: 0, end: 0, unseen: false,
    },
  );
  assert.ok(row.start <= row.begun && row.begun <= row.end);
});

check("equal requests and equal clients have equal numbers, others do not", async () => {
  const ask = (query, sid) => send(`${tap.urls.own_ui}/api/catalog?${query}`, { headers: { cookie: `sid=${sid}`, referer: `${tap.urls.own_ui}/products` } });
  await ask("page=2&_rsc=1", "5e1f0c77");
  await ask("page=3", "another");
  const [first, second, third] = (await rows(3)).slice(0, 3);
  assert.deepEqual([second.client, second.hash, second.page], [first.client, first.hash, "/products"]);
  assert.deepEqual([second.key, third.key, third.client], [first.key, 2, 2]);
});

check("a caller who goes away is written down as one, and the app is told", async () => {
  const gone = http.get(`${tap.urls.own_ui}/api/assistant`);
  gone.on("error", () => {});
  await new Promise((resolve) => gone.on("response", (response) => response.once("data", resolve)));
  gone.destroy();
  const row = (await rows(4)).at(-1);
  assert.deepEqual([row.handler, row.status, row.aborted, row.hash], ["GET /api/assistant", 200, true, null]);
});

check("an action's redirect is followed by a request of the app to itself", async () => {
  await send(`${tap.urls.own_ui}/cart`, { method: "POST", headers: { "next-action": "40ab", cookie: "sid=another", referer: `${tap.urls.own_ui}/newsletter` }, body: '["a"]' });
  const [action, page] = (await rows(6)).slice(4);
  assert.deepEqual([action.handler, action.how, action.redirects, action.sent], ["actions/subscribe.ts#subscribe", "action", true, 5]);
  assert.deepEqual([page.handler, page.caller, page.client, page.page, page.received, page.unseen], ["page /newsletter/thanks", "server", action.client, "/newsletter", null, true]);
});

check("assets are not written down, unknown paths are unmatched", async () => {
  await send(`${tap.urls.bot}/_next/static/app.js`);
  await send(`${tap.urls.bot}/.env`);
  const row = (await rows(7)).at(-1);
  assert.deepEqual([log.rows.length, row.handler, row.caller, row.status], [7, "unmatched", "bot", 404]);
});

check("the log tells no cookie, token, query or body", () => {
  const told = JSON.stringify(log);
  for (const secret of ["5e1f0c77", "tok_secret", "page=", "okhttp", "Oak reading lamp"]) assert.ok(!told.includes(secret), secret);
});
