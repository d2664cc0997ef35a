// GET /api/price: the prices of two products. RIGHT SIDE: keep.
// This is the action getPrice, moved: called with STOREFRONT_MOVED=1 only, together with its two neighbours.
import { pricesOf } from "@/data/comparison";

export async function GET(request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  return Response.json(await pricesOf(asked.get("left") ?? "", asked.get("right") ?? ""));
}
