// GET /api/search: finds products while somebody types. RIGHT SIDE: keep, fine as it is.
// The search box debounces, and aborts what it no longer needs; actions would queue and cannot be aborted.
// The answer carries the visitor's own favourites, so it must not be shared: no-store.
import { favoritesOf } from "@/data/favorites";
import { searchProducts } from "@/data/products";
import { visitor } from "@/data/visitor";

export async function GET(request: Request): Promise<Response> {
  const words = new URL(request.url).searchParams.get("q") ?? "";
  const [found, liked] = await Promise.all([searchProducts(words), favoritesOf(await visitor())]);
  const results = found.map(({ id, name, price }) => ({ id, name, price, liked: liked.has(id) }));
  return Response.json({ results }, { headers: { "cache-control": "private, no-store" } });
}
