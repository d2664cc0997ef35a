// Reads a recording: every request of the app as one plain object, from the spans that @pointsman/nextjs makes. Only
// for looking at recordings; Pointsman itself reads OTLP in its collector.
import { readFileSync } from "node:fs";

const value = (any) => {
  if (any.arrayValue) return (any.arrayValue.values ?? []).map(value);
  return any.stringValue ?? any.boolValue ?? any.doubleValue ?? (any.intValue === undefined ? undefined : Number(any.intValue));
};

export function readSpans(file) {
  const spans = [];
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    for (const { scopeSpans = [] } of JSON.parse(line).resourceSpans) {
      for (const { scope, spans: group = [] } of scopeSpans) {
        for (const span of group) {
          spans.push({
            scope: scope.name, name: span.name, id: span.spanId, parent: span.parentSpanId, trace: span.traceId, kind: span.kind,
            start: Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000, end: Number(BigInt(span.endTimeUnixNano) / 1000n) / 1000,
            attributes: Object.fromEntries((span.attributes ?? []).map((each) => [each.key, value(each.value)])),
          });
        }
      }
    }
  }
  return spans;
}

/** One object per request that the app answered, in order of arrival. */
export function requestsOf(spans) {
  return spans
    .filter((span) => span.scope === "@pointsman/nextjs")
    .map(({ attributes, start, end, id, trace, parent }) => {
      const sent = (name) => attributes[`http.request.header.${name}`]?.[0];
      const got = (name) => attributes[`http.response.header.${name}`]?.[0];
      const action = attributes["code.function.name"] ? `${attributes["code.file.path"]}#${attributes["code.function.name"]}` : null;
      const method = attributes["http.request.method"];
      const route = attributes["http.route"];
      const isPage = attributes["pointsman.route.kind"] === "app_page";
      return {
        id, trace, parent, start, end, method, route, action, sent, got,
        handler: action ?? (route === undefined ? "unmatched" : isPage ? `page ${route}` : `${method} ${route}`),
        path: attributes["url.path"], status: attributes["http.response.status_code"], client: attributes["pointsman.client.key"],
        agent: attributes["user_agent.original"] ?? "", via: attributes["pointsman.action.via"], hash: attributes["pointsman.response.hash"],
        credentials: attributes["pointsman.request.credentials"] ?? [],
        isPrefetch: sent("next-router-prefetch") !== undefined, isRsc: sent("rsc") !== undefined,
      };
    })
    .sort((a, b) => a.start - b.start);
}
