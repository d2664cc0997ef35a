// The way between a browser and the app, made as long as it is in life: every byte is under way for half a round trip.
// Connections cost nothing to open and bytes nothing to send, as on a warm, fast line; what is long is only the way.
import net from "node:net";

/**
 * Takes connections at `host` and `port` and passes them on to `to` (a host and a port), with `roundTripMs` between
 * question and answer.
 */
export async function openDistance({ host, port, to, roundTripMs }) {
  const sockets = new Set();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      carry(socket, other, roundTripMs / 2);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const close = () => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of sockets) socket.destroy();
  });
  return { port: server.address().port, close };
}

/** Timers of equal length end in the order in which they began, so bytes stay in theirs. */
function carry(from, to, ms) {
  from.on("data", (bytes) => setTimeout(() => to.write(bytes), ms));
  from.on("end", () => setTimeout(() => to.end(), ms));
  from.on("error", () => {}); // "close" follows
  from.on("close", (broken) => setTimeout(() => (broken ? to.destroy() : to.end()), ms));
}
