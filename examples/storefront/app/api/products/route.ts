// GET /api/products: the assortment, optionally one category. RIGHT SIDE: keep.
// The mobile app polls it with a bearer token; the web's product list uses the same URL. A move would break the app
// in every pocket that has it.
import { productsIn } from "@/data/products";

export async function GET(request: Request): Promise<Response> {
  const category = new URL(request.url).searchParams.get("category");
  return Response.json({ products: await productsIn(category) });
}
