// GET /api/catalog: the public price list. RIGHT SIDE: keep. A cache could answer, once enough people have shown that it may.
// Dynamic and without cache-control, although everybody gets the same bytes: each reader costs a query.
import { priceList } from "@/data/products";

export async function GET(request: Request): Promise<Response> {
  const currency = new URL(request.url).searchParams.get("currency") ?? "EUR";
  return Response.json({ currency, lines: await priceList() });
}
