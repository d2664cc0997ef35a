// Action getOrderStatus: how far an order has come. WRONG SIDE: move_to_route_handler.
// The order page calls it every second. Each poll is an uncacheable POST that carries the router's state and holds up
// every other action of the visitor; a GET route could answer 304 and would block nothing.
"use server";

import { orderStage, type Stage } from "@/data/orders";

export async function getOrderStatus(orderId: string): Promise<Stage | null> {
  return orderStage(orderId);
}
