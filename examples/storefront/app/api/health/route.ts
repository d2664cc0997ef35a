// GET /api/health: the cluster asks whether the app lives. RIGHT SIDE: keep.
// A probe calls it by URL, every few seconds.
export const dynamic = "force-dynamic";

export function GET(): Response {
  return Response.json({ status: "ok" });
}
