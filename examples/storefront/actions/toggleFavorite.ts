// Action toggleFavorite: likes a product, or no longer. RIGHT SIDE, called clumsily: keep, improvement
// refresh-after-action. Its answer already carries the re-rendered page; the button then calls router.refresh() and
// loads it a second time.
"use server";

import { revalidatePath } from "next/cache";
import { flipFavorite } from "@/data/favorites";
import { visitor } from "@/data/visitor";

export async function toggleFavorite(productId: string): Promise<boolean> {
  const likes = await flipFavorite(await visitor(), productId);
  revalidatePath("/favorites");
  return likes;
}
