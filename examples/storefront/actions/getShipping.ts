// Action getShipping: in how many days two products arrive. WRONG SIDE: move_to_route_handler.
// Third read of "compare"; waits until getPrice and getStock have answered.
"use server";

import { query } from "@/data/database";
import { productById } from "@/data/products";

export async function getShipping(left: string, right: string): Promise<(number | null)[]> {
  const products = await Promise.all([left, right].map(productById));
  return query(40, () => products.map((product) => (product ? (product.category === "chairs" ? 6 : 2) : null)));
}
