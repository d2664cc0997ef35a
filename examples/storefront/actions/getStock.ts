// Action getStock: how many of two products are left. WRONG SIDE: move_to_route_handler.
// Second read of "compare"; waits in the action queue until getPrice has answered.
"use server";

import { stockOf, type Pair } from "@/data/comparison";

export async function getStock(left: string, right: string): Promise<Pair> {
  return stockOf(left, right);
}
