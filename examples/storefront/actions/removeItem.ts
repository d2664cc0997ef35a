// Action removeItem: takes one product out of the cart. RIGHT SIDE, called too often: keep, improvement batch-burst.
// "Clear cart" calls it once per product, and actions run one after another. One action with a list would do.
"use server";

import { refresh } from "next/cache";
import { removeFromCart } from "@/data/carts";
import { visitor } from "@/data/visitor";

export async function removeItem(productId: string): Promise<void> {
  await removeFromCart(await visitor(), productId);
  refresh();
}
