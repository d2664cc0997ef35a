// Turns the observation on: once per server process, before the first request. Where the spans go is told by
// OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT, ...). Nothing else starts here.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { register: observeRequests } = await import("@pointsman/nextjs/register");
  // One proxy stands in front of some clients and passes on their addresses: the carrier's, in driver/machines.mjs.
  await observeRequests({ serviceName: "storefront", trustProxy: 1 });
}
