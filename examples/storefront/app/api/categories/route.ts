// GET /api/categories: the shelves of the shop. RIGHT SIDE: keep.
// Prerendered and answered from the cache (x-nextjs-cache: HIT); an action is a POST and is never cached.
import { categories } from "@/data/products";

export const dynamic = "force-static";

export function GET(): Response {
  return Response.json({ categories });
}
