// The wire between everybody and the app: each class of callers comes in by a door of its own, and what passes is
// written down byte by byte, unchanged. So the truth does not depend on what a caller says of itself, nor on what a
// browser cares to tell of a request. What is written of a request is decided in request-log.mjs; how long the way to a
// door is, in distance.mjs.
import http from "node:http";
import { openDistance } from "./distance.mjs";

// The app listens on 127.0.0.1. The doors have its port, at other addresses of the loopback: a page that asks its own
// host by `Host` must reach the app by the same door.
const addresses = { own_ui: "127.0.0.2", cross_origin: "127.0.0.3", external: "127.0.0.4", bot: "127.0.0.5" };
// Longer than the app's own, so that an idle connection is never closed at the moment it is used again.
const keptAliveMs = 10_000;

/**
 * Opens the doors to the app at `baseUrl`; `log` writes down what passes. Returns the URL of each door by class of
 * caller. `roundTripMs` is how far away callers are. Where the machine has no such addresses (macOS has only 127.0.0.1
 * unless told), it throws an error whose code is EADDRNOTAVAIL.
 */
export async function openTap({ baseUrl, log, roundTripMs = 0 }) {
  const port = Number(new URL(baseUrl).port);
  const opened = [];
  const close = () => Promise.all(opened.map((each) => each.close()));
  const urls = {};
  try {
    for (const [caller, address] of Object.entries(addresses)) {
      const answer = (request, response) => pass({ request, response, port, caller, log });
      // With a distance the door itself stands behind it, at any port.
      const door = await openDoor({ host: address, port: roundTripMs > 0 ? 0 : port, answer });
      opened.push(door);
      if (roundTripMs > 0) opened.push(await openDistance({ host: address, port, to: door.at, roundTripMs }));
      urls[caller] = `http://${address}:${port}`;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { urls, close };
}

async function openDoor({ host, port, answer }) {
  const server = http.createServer({ keepAliveTimeout: keptAliveMs }, answer);
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return { at: { host, port: server.address().port }, close };
}

/** Hands one request on and its answer back. When the caller goes away, the app's connection ends as well. */
function pass({ request, response, port, caller, log }) {
  const note = log.begin({ caller, method: request.method, url: request.url, headers: request.headers });
  const onward = http.request({ host: "127.0.0.1", port, method: request.method, path: request.url, headers: request.rawHeaders, agent: false });
  request.on("data", (chunk) => note?.asked(chunk));
  request.pipe(onward);

  onward.on("socket", (socket) => socket.once("connect", () => note?.reached()));
  onward.on("response", (answer) => {
    note?.answered(answer.statusCode, answer.headers);
    response.sendDate = false;
    response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
    answer.on("data", (chunk) => note?.told(chunk));
    answer.on("end", () => note?.ended());
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  onward.on("error", () => {
    note?.broken();
    response.destroy();
  });
  response.on("close", () => {
    if (response.writableFinished) return;
    note?.broken();
    onward.destroy();
  });
}
