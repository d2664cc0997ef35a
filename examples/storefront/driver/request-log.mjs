// The log of requests that the truth holds: one row for each request that reached the app, in the words of HTTP and of
// the driver, without anything of Pointsman. Whatever could be somebody's business (cookies, addresses, queries, bodies)
// becomes a running number: equal numbers were equal values, and nothing else can be read from them.
import { performance } from "node:perf_hooks";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { handlerOf } from "./handlers.mjs";

/**
 * A row:
 * - `handler` as in handlers.mjs, "unmatched" when the app knows no such path; `caller` by the door it came in
 * - `client`: by the session cookie that was sent, else by address and user agent
 * - `method`, `path` without query, `page`: the path of the page that it came from, when that is the app's
 * - `how`: plain, document, rsc, prefetch, action (called by JavaScript), form (posted without), preflight
 * - `status`, null when no answer began; `aborted`: the caller went away before the answer was complete
 * - `sent`, `received`, `inflated`: bytes of the request's body, of the response's on the wire, and of that inflated
 * - `argument`: bytes of query and body, what a request says beyond its path
 * - `redirects`: the answer leads elsewhere, by its status or as an action's redirect
 * - `cached`: what the answer says in `x-nextjs-cache`; `cacheControl`: what in `cache-control`; null is nothing
 * - `key`: of method, path, query, action, form of the page and body; null for a multipart body, which is never the same twice
 * - `hash`: of the response's inflated body; null when there was none or it was cut short
 * - `start`, `begun`, `end`: when the request's head came, when the answer's did (null when none did), when it was
 *   complete or given up; ms since the run began
 * - `unseen`: the app asked itself past all doors; what it copied from the request that it answered is known, no more
 */
export const columns = [
  "handler", "caller", "client", "method", "path", "page", "how", "status", "aborted", "redirects", "cached", "cacheControl", "sent",
  "received", "inflated", "argument", "key", "hash", "start", "begun", "end", "unseen",
];

const inflaters = { gzip: gunzipSync, br: brotliDecompressSync, deflate: inflateSync };

export class RequestLog {
  constructor(actionNames) {
    this.actionNames = actionNames;
    this.beganAt = performance.now();
    this.rows = [];
    this.clients = new Numbers();
    this.keys = new Numbers();
    this.hashes = new Numbers();
  }

  /** Notes a request as its head arrives; null for the app's assets, which are nobody's handlers. */
  begin(head) {
    return head.url.startsWith("/_next/") ? null : new Note(this, head);
  }

  now() {
    return Math.round((performance.now() - this.beganAt) * 1_000) / 1_000;
  }

  /** In order of arrival. Rows as lists of their columns: a log has thousands. */
  toJSON() {
    const rows = this.rows.toSorted((a, b) => a.start - b.start);
    return { columns, rows: rows.map((row) => columns.map((column) => row[column])) };
  }
}

/** The rows of a log as it was written. */
export function rowsOf({ columns: names, rows }) {
  return rows.map((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])));
}

/** One request under way. */
class Note {
  constructor(log, { caller, method, url, headers }) {
    const [path, query = ""] = splitAt(url, "?");
    Object.assign(this, { log, caller, method, path, headers, query: withoutCacheBuster(query), start: log.now() });
    Object.assign(this, { body: [], answer: [], status: null, begun: null, answerHeaders: {}, hasReached: false, isOver: false });
  }

  asked(chunk) {
    this.body.push(chunk);
  }

  /** The app has the connection: from here on it knows of the request, even if the caller goes away. */
  reached() {
    this.hasReached = true;
  }

  answered(status, headers) {
    this.status = status;
    this.begun = this.log.now();
    this.answerHeaders = headers;
  }

  told(chunk) {
    this.answer.push(chunk);
  }

  ended() {
    this.#write(false);
  }

  broken() {
    if (this.hasReached) this.#write(true);
    this.isOver = true;
  }

  #write(aborted) {
    if (this.isOver) return;
    this.isOver = true;
    const { log, method, path, headers, status, start, begun } = this;
    const headersOfAnswer = this.answerHeaders;
    const [body, answer] = [Buffer.concat(this.body), Buffer.concat(this.answer)];
    const inflated = aborted ? null : this.#inflate(answer);
    const handler = status === 404 ? "unmatched" : handlerOf({ method, path, actionId: headers["next-action"] }, log.actionNames);
    const row = {
      handler, caller: this.#caller(), client: this.#client(), method, path, page: this.#page(), how: this.#how(handler), status, aborted,
      redirects: headersOfAnswer.location !== undefined || headersOfAnswer["x-action-redirect"] !== undefined,
      cached: headersOfAnswer["x-nextjs-cache"] ?? null, cacheControl: headersOfAnswer["cache-control"] ?? null,
      sent: body.length, received: answer.length, inflated: inflated?.length ?? null, argument: this.query.length + body.length,
      key: this.#key(body), hash: inflated?.length > 0 ? log.hashes.of(inflated.toString("latin1")) : null, start, begun, end: log.now(), unseen: false,
    };
    log.rows.push(row);
    this.#noteUnseen(row);
  }

  /** Answering an action's redirect, Next.js fetches the page it leads to from the app itself, with the headers it got. */
  #noteUnseen({ client, page, ...action }) {
    const leadsTo = this.answerHeaders["x-action-redirect"];
    if (!leadsTo?.startsWith("/")) return;
    const [path] = leadsTo.split(/[?;]/);
    const { start, begun, end } = action;
    const unknown = { redirects: false, cached: null, cacheControl: null, sent: null, received: null, inflated: null, argument: null, key: null, hash: null };
    const known = { caller: "server", client, page, method: "GET", path, how: "rsc", status: 200, aborted: false, start, begun, end, unseen: true };
    this.log.rows.push({ handler: handlerOf(known, this.log.actionNames), ...known, ...unknown });
  }

  /** Nobody but browsers and the app itself comes in by the door of the app's own pages. */
  #caller() {
    return this.caller === "own_ui" && this.headers["user-agent"] === "node" ? "server" : this.caller;
  }

  /** All of them come from one address: the doors are on this machine. */
  #client() {
    const session = /(?:^|;\s*)sid=([^;]*)/.exec(this.headers.cookie ?? "")?.[1];
    return this.log.clients.of(session === undefined ? `agent ${this.headers["user-agent"]} at ${this.headers["x-forwarded-for"] ?? "the door"}` : `session ${session}`);
  }

  #page() {
    const { referer, host } = this.headers;
    if (referer === undefined || !URL.canParse(referer)) return null;
    const page = new URL(referer);
    return page.host === host ? page.pathname : null;
  }

  #how(handler) {
    const { method, headers } = this;
    if (method === "OPTIONS") return "preflight";
    if (headers["next-action"] !== undefined) return "action";
    if (handler.startsWith("actions/")) return "form";
    if (!handler.startsWith("page ")) return "plain";
    if (headers.rsc === undefined) return "document";
    return headers["next-router-prefetch"] === undefined && headers["next-router-segment-prefetch"] === undefined ? "rsc" : "prefetch";
  }

  #key(body) {
    const { method, path, query, headers } = this;
    if (headers["content-type"]?.startsWith("multipart/")) return null;
    const form = [headers["next-action"], headers.rsc, headers["next-router-prefetch"]].join(" ");
    return this.log.keys.of(`${method} ${path}?${query}\n${form}\n${body.toString("latin1")}`);
  }

  #inflate(answer) {
    const inflate = inflaters[this.answerHeaders["content-encoding"]];
    return inflate && answer.length > 0 ? inflate(answer) : answer;
  }
}

/** Value -> running number. */
class Numbers {
  #known = new Map();

  of(value) {
    if (!this.#known.has(value)) this.#known.set(value, this.#known.size + 1);
    return this.#known.get(value);
  }
}

function splitAt(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** The client router adds `_rsc`, so that caches keep pages and their RSC apart; it asks for nothing. */
function withoutCacheBuster(query) {
  return query.split("&").filter((part) => !part.startsWith("_rsc=")).join("&");
}
