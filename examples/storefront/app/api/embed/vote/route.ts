// POST /api/embed/vote: a partner's page lets its readers vote on our products. RIGHT SIDE: keep.
// Browsers call it from another origin, after a CORS preflight; actions refuse foreign origins.
import { countVote } from "@/data/letters";
import { isProductId } from "@/data/products";

const anyOrigin = { "access-control-allow-origin": "*" };

export function OPTIONS(): Response {
  return new Response(null, {
    status: 204,
    headers: { ...anyOrigin, "access-control-allow-methods": "POST", "access-control-allow-headers": "content-type" },
  });
}

export async function POST(request: Request): Promise<Response> {
  const { choice } = (await request.json()) as { choice?: unknown };
  if (!isProductId(choice)) return Response.json({ error: "vote for a product of the shop" }, { status: 400, headers: anyOrigin });
  return Response.json({ choice, votes: await countVote(choice) }, { headers: anyOrigin });
}
