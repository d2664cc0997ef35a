// Action addToCart: puts products into the visitor's cart. RIGHT SIDE: keep.
// This is POST /api/cart, moved: called with STOREFRONT_MOVED=1 only. refresh() sends the page anew with the answer, so
// the client has nothing left to ask for.
"use server";

import { refresh } from "next/cache";
import * as carts from "@/data/carts";
import { isProductId } from "@/data/products";
import { visitor } from "@/data/visitor";

export async function addToCart(products: unknown[]): Promise<{ items: number } | { error: string }> {
  const known = products.filter(isProductId);
  if (known.length === 0) return { error: "name at least one product of the shop" };
  const items = await carts.addToCart(await visitor(), known);
  refresh();
  return { items };
}
