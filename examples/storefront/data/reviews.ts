// What customers say about a product: the newest few are kept.
import { query, tables } from "./database";

export interface Review {
  author: string;
  text: string;
}

const kept = 5;

export async function reviewsOf(productId: string): Promise<Review[]> {
  return query(8, () => tables.reviews.get(productId) ?? []);
}

export async function saveReview(productId: string, review: Review): Promise<void> {
  await query(25, () => {
    tables.reviews.set(productId, [review, ...(tables.reviews.get(productId) ?? [])].slice(0, kept));
  });
}
