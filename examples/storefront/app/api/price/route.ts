// GET /api/price: the prices of two products. Keep. This is the action getPrice, moved; only called with STOREFRONT_MOVED=1.
import { pricesOf } from "@/data/comparison";

export async function GET(request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  return Response.json(await pricesOf(asked.get("left") ?? "", asked.get("right") ?? ""));
}
