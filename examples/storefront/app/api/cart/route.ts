// POST /api/cart: puts products into the visitor's cart. WRONG SIDE: move_to_server_action.
// Only the product page of this app calls it, and it calls router.refresh() right after, so every click costs two
// requests. A server action answers with the result and the re-rendered page in one.
import { addToCart } from "@/data/carts";
import { isProductId } from "@/data/products";
import { visitor } from "@/data/visitor";

export async function POST(request: Request): Promise<Response> {
  const { products } = (await request.json()) as { products?: unknown[] };
  const known = (products ?? []).filter(isProductId);
  if (known.length === 0) return Response.json({ error: "name at least one product of the shop" }, { status: 400 });
  return Response.json({ items: await addToCart(await visitor(), known) });
}
