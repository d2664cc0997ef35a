// GET /api/stock: how many of two products are left. RIGHT SIDE: keep.
// This is the action getStock, moved: called with STOREFRONT_MOVED=1 only, together with its two neighbours.
import { stockOf } from "@/data/comparison";

export async function GET(request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  return Response.json(await stockOf(asked.get("left") ?? "", asked.get("right") ?? ""));
}
