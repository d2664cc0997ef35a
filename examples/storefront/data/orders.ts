// Orders, from the web's cart or from the mobile app, and how far each has come on its way.
import { query, tables } from "./database";

export interface Order {
  id: string;
  items: string[];
  placedAt: number;
}

export const stages = ["received", "packed", "handed to the carrier", "on its way", "at your door"] as const;
export type Stage = (typeof stages)[number];

const stageLasts = 4_000;

export async function placeOrder(items: string[]): Promise<Order> {
  return query(40, () => {
    const order = { id: String(1001 + tables.orders.size), items, placedAt: Date.now() };
    tables.orders.set(order.id, order);
    return order;
  });
}

/** Takes everything out of the visitor's cart and orders it; null when the cart is empty. */
export async function placeOrderFromCart(visitor: string): Promise<Order | null> {
  const items = [...(tables.carts.get(visitor)?.keys() ?? [])];
  if (items.length === 0) return null;
  const order = await placeOrder(items);
  tables.carts.delete(visitor);
  return order;
}

export async function orderById(id: string): Promise<Order | undefined> {
  return query(8, () => tables.orders.get(id));
}

export async function orderStage(id: string): Promise<Stage | null> {
  const order = await orderById(id);
  if (!order) return null;
  const passed = Math.floor((Date.now() - order.placedAt) / stageLasts);
  return stages[Math.min(passed, stages.length - 1)]!;
}
