// Action addReview: a customer's words about a product. RIGHT SIDE: keep, fine as it is.
// revalidatePath lets the answer carry the page with the new review: one request for both.
"use server";

import { revalidatePath } from "next/cache";
import { saveReview } from "@/data/reviews";

export async function addReview(productId: string, form: FormData): Promise<void> {
  const text = String(form.get("text") ?? "").trim().slice(0, 200);
  if (text) await saveReview(productId, { author: "A customer", text });
  revalidatePath(`/product/${productId}`);
}
