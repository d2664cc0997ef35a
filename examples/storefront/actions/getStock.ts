// Action getStock: how many of two products are left. WRONG SIDE: move_to_route_handler.
// Second read of "compare"; waits in the action queue until getPrice has answered.
"use server";

import { query } from "@/data/database";
import { productById } from "@/data/products";

export async function getStock(left: string, right: string): Promise<(number | null)[]> {
  const products = await Promise.all([left, right].map(productById));
  return query(35, () => products.map((product) => product?.stock ?? null));
}
