// What one client did in a row, read from the log of requests: which calls were part of what. The definitions are those
// that the words of the product promise (docs and rules), written down here once more, in words and in code of their own.
import { grouped } from "./figures.mjs";

/** How close in time things must be to belong together, ms. */
export const windows = { refresh: 1_000, document: 2_000, refetch: 1_000, queued: 150, soon: 3_000, duplicate: 2_000, retry: 60_000, typing: 1_000 };

const isApi = ({ handler }) => handler.includes(" /api/");
const isRead = (row) => row.how === "plain" && row.method === "GET" && isApi(row);
const isOwnRead = (row) => isRead(row) && row.caller === "own_ui";
const isOwnMutation = (row) => row.how === "plain" && isApi(row) && ["POST", "PUT", "PATCH", "DELETE"].includes(row.method) && row.caller === "own_ui";
const isKnownAction = (row) => row.how === "action" && row.handler.startsWith("actions/");
const mayWrite = (row) => (isKnownAction(row) || (isApi(row) && ["POST", "PUT", "PATCH", "DELETE"].includes(row.method))) && row.status >= 200 && row.status < 400;
const isOk = ({ status }) => status >= 200 && status < 300;
const showsPage = ({ how, status }) => (how === "document" || how === "rsc") && status >= 200 && status < 400;
const loadsDocument = ({ how, method, handler }) => how === "document" && method === "GET" && handler.startsWith("page ");
const failed = ({ status, aborted }) => aborted || status === 429 || status >= 500;

/** Label -> the rows that bear it, each with its value where the label measures something (ms). What the app asked of itself is nobody's doing, though it may carry somebody's cookies. */
export function labelsOf(rows) {
  const labels = new Map();
  const mark = (label, row, value) => (labels.get(label) ?? labels.set(label, new Map()).get(label)).set(row, value);
  for (const line of grouped(rows.filter(({ caller }) => caller !== "server"), ({ client }) => client)) {
    line.sort((a, b) => a.start - b.start);
    markFollowed(line, mark);
    markBursts(line, mark);
    markReads(line, mark);
    markRetries(line, mark);
    for (const calls of grouped(line.filter((row) => isRead(row) || isKnownAction(row) || isOwnMutation(row)), ({ handler, path }) => `${handler} ${path}`)) markPolls(calls, mark);
    for (const calls of grouped(line.filter(isKnownAction), ({ handler }) => handler)) markTyping(calls, mark);
  }
  return labels;
}

/**
 * `followable`: a write to a route from a page of the app, or an action called by JavaScript, answered 2xx and not by
 * leading elsewhere. It is followed when the client then asks for the page that it came from, not earlier than it was
 * sent itself and soon after its end: as a `refresh` (RSC, no prefetch, asked for by the page itself: from another page it
 * is a navigation; `refresh_gap` after its end) or a `document`; or reads the same part of the API (its first two
 * segments), a `refetch`. What follows two of them belongs to the one that ended last.
 */
function markFollowed(line, mark) {
  const isWrite = (row) => row.how === "plain" && isApi(row) && ["POST", "PUT", "PATCH", "DELETE"].includes(row.method) && row.page !== null;
  const first = line.filter((row) => (isWrite(row) || isKnownAction(row)) && row.caller === "own_ui" && isOk(row) && !row.redirects);
  first.forEach((row) => mark("followable", row));
  const area = ({ path }) => path.split("/").slice(1, 3).join("/");
  for (const next of line) {
    const isRefresh = next.how === "rsc" && (next.page === null || next.page === next.path);
    const kind = isRefresh ? "refresh" : next.how === "document" ? "document" : isRead(next) ? "refetch" : null;
    if (kind === null) continue;
    const related = (row) => (kind === "refetch" ? isApi(row) && area(row) === area(next) : (isKnownAction(row) ? row.path : row.page) === next.path);
    const causes = first.filter((row) => row.start < next.start && next.start - row.end <= windows[kind] && related(row));
    if (causes.length === 0) continue;
    const cause = causes.reduce((latest, row) => (row.end > latest.end ? row : latest));
    mark(kind, cause);
    if (kind === "refresh") mark("refresh_gap", cause, Math.max(0, next.start - cause.end));
  }
}

/**
 * The client router sends one action at a time. Actions that one page wanted at once therefore follow each other closely:
 * a burst is two or more, each sent after the answer of the one before had begun and less than 150 ms after its end, with
 * no other page shown in between. `sequenced` are all actions of which this is asked, `in_burst` the calls of bursts,
 * `burst` the first of each handler in one, `queue_wait` how long after the first of all each was sent.
 *
 * `soon`: the action, or the first of its burst, was sent at most 3 s after the load of its page; so are reads of routes by
 * that page (`reads_soon` of `reads_sequenced`), which nothing queues. A refresh of the page in view is no load.
 */
function markBursts(line, mark) {
  let [burst, load, view] = [[], null, null];
  const isSoon = (row, page) => load !== null && load.path === page && row.start - load.end <= windows.soon;
  const close = () => {
    if (burst.length > 1) {
      burst.forEach((row) => mark("in_burst", row));
      burst.forEach((row) => mark("queue_wait", row, row.start - burst[0].start));
      grouped(burst, ({ handler }) => handler).forEach(([row]) => mark("burst", row));
    }
    burst = [];
  };
  let soon = false;
  for (const row of line) {
    if (showsPage(row) && !(row.how === "rsc" && row.path === view)) {
      close();
      [load, view] = [row, row.path];
    } else if (isOwnRead(row) && row.page !== null) {
      mark("reads_sequenced", row);
      if (isSoon(row, row.page)) mark("reads_soon", row);
    } else if (isKnownAction(row)) {
      mark("sequenced", row);
      const last = burst.at(-1);
      const isQueued = last !== undefined && last.path === row.path && row.start >= (last.begun ?? last.end) && row.start - last.end < windows.queued;
      if (!isQueued) {
        close();
        soon = isSoon(row, row.path);
      }
      burst.push(row);
      view = row.path;
      if (soon) mark("soon", row);
    }
  }
  close();
}

/**
 * A poll: five or more calls of one client to one target at an even pace. A series goes on as long as each pause, from start
 * to start, is at least half and at most twice the mean of those before it; a pause that ends a series of a single
 * pause may be the first of the next one. A series is a poll when the standard deviation of its pauses is under 0.3 of
 * their mean, which lies between 0.3 and 300 s; unless the mean is under a second and no two calls ask the same thing:
 * that is typing. `polled` are its calls, `poll` its first; `poll_interval` are its pauses.
 */
function markPolls(calls, mark) {
  const pauses = calls.slice(1).map((call, at) => call.start - calls[at].start);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  let begin = 0;
  const close = (end) => {
    const series = calls.slice(begin, end);
    const between = pauses.slice(begin, end - 1);
    const middle = mean(between);
    const deviation = Math.sqrt(mean(between.map((pause) => (pause - middle) ** 2)));
    const isTyping = middle < 1_000 && new Set(series.map(({ key }) => key)).size === series.length;
    if (series.length < 5 || middle < 300 || middle > 300_000 || deviation >= 0.3 * middle || isTyping) return;
    series.forEach((call) => mark("polled", call));
    mark("poll", series[0]);
    between.forEach((pause, at) => mark("poll_interval", series[at + 1], pause));
  };
  for (let at = 1; at < calls.length; at += 1) {
    const before = pauses.slice(begin, at - 1);
    if (before.length === 0) continue;
    const [pause, usual] = [pauses[at - 1], mean(before)];
    if (pause <= 2 * usual && pause >= usual / 2) continue;
    close(at);
    begin = before.length === 1 ? at - 1 : at;
  }
  close(calls.length);
}

/**
 * `typed`: three or more calls of one client to one action, each at most a second after the one before, each asking another
 * thing, and two of three times more than the one before: the text grows. The text of reads is in their queries, of which
 * telemetry tells nothing: of them typing is not known.
 */
function markTyping(calls, mark) {
  let series = [];
  const close = () => {
    const steps = series.slice(1).map((call, at) => [series[at], call]);
    const grows = steps.filter(([a, b]) => b.argument > a.argument).length;
    const changes = steps.every(([a, b]) => a.key !== null && b.key !== null && a.key !== b.key);
    if (series.length >= 3 && changes && grows * 3 >= steps.length * 2) series.forEach((call) => mark("typed", call));
  };
  for (const call of calls) {
    if (series.length > 0 && call.start - series.at(-1).start > windows.typing) {
      close();
      series = [];
    }
    series.push(call);
  }
  close();
}

/** `parallel`: reads by the app's pages that overlap another one of the same client. `duplicate`: the same read with the same answer, at most 2 s after the last one, and nothing written nor a page loaded whole by the client in between. */
function markReads(line, mark) {
  const reads = line.filter(isOwnRead);
  for (const row of reads) {
    const others = reads.filter((other) => other !== row);
    if (others.some((other) => other.start < row.end && row.start < other.end)) mark("parallel", row);
  }
  const comparable = ({ key, hash, status }) => key !== null && hash !== null && status === 200;
  for (const same of grouped(reads.filter(comparable), ({ key }) => key)) {
    for (let at = 1; at < same.length; at += 1) {
      const [before, row] = [same[at - 1], same[at]];
      const hasChanged = line.some((other) => (mayWrite(other) || loadsDocument(other)) && other.start >= before.start && other.start <= row.start);
      if (before.hash === row.hash && row.start - before.start <= windows.duplicate && !hasChanged) mark("duplicate", row);
    }
  }
}

/** `retry`: the same request again, within 60 s after it failed: answered 5xx or 429, or (`retry_of_aborted`) given up. */
function markRetries(line, mark) {
  for (const same of grouped(line.filter(({ key }) => key !== null), ({ key }) => key)) {
    for (let at = 1; at < same.length; at += 1) {
      const [before, row] = [same[at - 1], same[at]];
      if (failed(before) && row.start - before.end <= windows.retry) mark(before.aborted ? "retry_of_aborted" : "retry", row);
    }
  }
}
