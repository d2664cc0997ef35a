// GET /api/shipping: in how many days two products arrive. RIGHT SIDE: keep.
// This is the action getShipping, moved: called with STOREFRONT_MOVED=1 only, together with its two neighbours.
import { shippingOf } from "@/data/comparison";

export async function GET(request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  return Response.json(await shippingOf(asked.get("left") ?? "", asked.get("right") ?? ""));
}
