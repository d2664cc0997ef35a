// Action getShipping: in how many days two products arrive. WRONG SIDE: move_to_route_handler.
// Third read of "compare"; waits until getPrice and getStock have answered.
"use server";

import { shippingOf, type Pair } from "@/data/comparison";

export async function getShipping(left: string, right: string): Promise<Pair> {
  return shippingOf(left, right);
}
