// POST /api/orders: places an order. RIGHT SIDE, though it looks wrong: keep.
// The cart page calls it by fetch and then router.refresh(), just as with /api/cart. But the mobile app posts its
// orders here too (with a bearer token and the items in the body), so it must stay a route.
import { placeOrder, placeOrderFromCart } from "@/data/orders";
import { isProductId } from "@/data/products";
import { visitor } from "@/data/visitor";

export async function POST(request: Request): Promise<Response> {
  const { items } = (await request.json()) as { items?: unknown[] };
  const order = items ? await placeOrder(items.filter(isProductId)) : await placeOrderFromCart(await visitor());
  if (!order) return Response.json({ error: "the cart is empty" }, { status: 400 });
  return Response.json({ order: order.id });
}
