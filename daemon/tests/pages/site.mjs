// The pages there are, by name, with where each is found in a daemon that has judged the example app.

/** Names and paths of all pages. */
export async function allPages(url) {
  const { handlers } = await (await fetch(`${url}/api/v1/handlers`)).json();
  const of = (name) => handlers.find((handler) => [handler.action, `${handler.method} ${handler.route}`].includes(name));
  const mutation = of("POST /api/cart");
  const { changes } = await (await fetch(`${url}/api/v1/reports/latest`)).json();
  const { reports } = await (await fetch(`${url}/api/v1/reports`)).json();
  const app = "service=storefront&environment=production";
  return {
    overview: "/",
    "handler-route": `/handlers/${mutation.id}`,
    "handler-action": `/handlers/${of("getStock").id}`,
    "handler-cached": `/handlers/${of("GET /api/catalog").id}`,
    "handler-page": `/handlers/${of("GET /stats").id}`,
    "handler-month": `/handlers/${of("GET /api/catalog").id}?window=30d`,
    searched: "/?q=api&sort=-p95&show=keep",
    record: "/record",
    change: `/changes/${changes.find(({ handlers }) => handlers.length > 1).id}`,
    reports: "/reports",
    report: `/reports/${reports[0].at}?${app}`,
    changes: `/reports/changes?${app}&from=${reports.at(-1).at}&to=${reports[0].at}`,
    telemetry: "/telemetry",
    rules: "/rules",
    rule: "/rules/mutate-then-refresh",
    trace: `/traces/${mutation.evidence[0].exemplars[0]}`,
    missing: "/nowhere",
  };
}
