// Action getPrice: the prices of two products. WRONG SIDE: move_to_route_handler.
// Called with getStock and getShipping in a Promise.all when somebody presses "compare": three reads that look
// parallel and run one after another. As GET routes they would overlap.
"use server";

import { pricesOf, type Pair } from "@/data/comparison";

export async function getPrice(left: string, right: string): Promise<Pair> {
  return pricesOf(left, right);
}
