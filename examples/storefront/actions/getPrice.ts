// Action getPrice: the prices of two products. WRONG SIDE: move_to_route_handler.
// Called with getStock and getShipping in a Promise.all when somebody presses "compare": three reads that look
// parallel and run one after another. As GET routes they would overlap.
"use server";

import { query } from "@/data/database";
import { productById } from "@/data/products";

export async function getPrice(left: string, right: string): Promise<(number | null)[]> {
  const products = await Promise.all([left, right].map(productById));
  return query(30, () => products.map((product) => product?.price ?? null));
}
