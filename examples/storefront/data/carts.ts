// A visitor's cart. Turning it into an order is the business of orders.ts.
import { query, tables } from "./database";
import { productById, type Product } from "./products";

export interface CartLine {
  product: Product;
  quantity: number;
}

export async function addToCart(visitor: string, productIds: string[]): Promise<number> {
  return query(30, () => {
    const cart = tables.carts.get(visitor) ?? new Map<string, number>();
    for (const id of productIds) cart.set(id, (cart.get(id) ?? 0) + 1);
    tables.carts.set(visitor, cart);
    return countItems(cart);
  });
}

export async function removeFromCart(visitor: string, productId: string): Promise<void> {
  await query(10, () => tables.carts.get(visitor)?.delete(productId));
}

export async function cartLines(visitor: string): Promise<CartLine[]> {
  const cart = await query(4, () => [...(tables.carts.get(visitor) ?? [])]);
  const lines = await Promise.all(cart.map(async ([id, quantity]) => ({ product: await productById(id), quantity })));
  return lines.filter((line): line is CartLine => line.product !== undefined);
}

export async function cartCount(visitor: string): Promise<number> {
  return query(2, () => countItems(tables.carts.get(visitor) ?? new Map()));
}

function countItems(cart: Map<string, number>): number {
  return [...cart.values()].reduce((sum, quantity) => sum + quantity, 0);
}
