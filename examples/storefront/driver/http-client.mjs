// One HTTP request with exactly the headers that are given: Node's fetch would add some of its own, and a mobile app
// or a webhook sender does not send those.
import http from "node:http";

export function send(url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const sized = body === undefined ? headers : { ...headers, "content-length": Buffer.byteLength(body) };
    const request = http.request(url, { method, headers: sized, timeout: 15_000 }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer from ${url} within 15 s`)));
    request.on("error", reject);
    request.end(body);
  });
}
