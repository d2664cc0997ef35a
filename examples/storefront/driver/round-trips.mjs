// From what a browser did to what a person waited for: which requests lay between a click and its result, how many of
// them one after another. Only counts and orders; the clock is stopwatch.mjs.

/**
 * Writes down each request of a browser context to the app: { path, isPrefetch, from, begun }, ms since the epoch by the
 * browser's clock. `begun` is when its answer began; null when none did. Assets are nobody's handlers and left out.
 */
export function noteRequests(context, requests) {
  const note = (request) => {
    const { pathname, protocol } = new URL(request.url());
    if (pathname.startsWith("/_next/") || !protocol.startsWith("http")) return;
    const headers = request.headers();
    const isPrefetch = headers["next-router-prefetch"] !== undefined || headers["next-router-segment-prefetch"] !== undefined;
    const { startTime, responseStart } = request.timing();
    requests.push({ path: pathname, isPrefetch, from: startTime, begun: responseStart < 0 ? null : startTime + responseStart });
  };
  context.on("requestfinished", note);
  context.on("requestfailed", note);
}

/** The requests that a person waited for between `from` and `to`: all that began then, except what is fetched in advance. */
export function waitedFor({ from, to }, requests) {
  return requests.filter((request) => !request.isPrefetch && request.from >= from - clockStep && request.from < to);
}

/** The browser tells times in parts of a millisecond, rounded differently. */
const clockStep = 1;

/**
 * How many round trips one after another these requests are: the most of them of which each was sent when the answer of
 * the one before had begun. Requests that are on their way at the same time are one.
 */
export function roundTrips(requests) {
  let count = 0;
  let answered = -Infinity;
  for (const { from, begun } of requests.toSorted((a, b) => (a.begun ?? Infinity) - (b.begun ?? Infinity))) {
    if (from < answered - clockStep) continue;
    count += 1;
    answered = begun ?? Infinity;
  }
  return count;
}

/** The value below which this part of the values lies, interpolated; null of none. */
export function quantile(values, part) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
