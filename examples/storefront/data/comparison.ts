// What the comparison of two products reads. Whoever asks, by action or by route, gets it from here.
import { query } from "./database";
import { productById } from "./products";

/** One figure of the left and of the right product; null for what the shop does not sell. */
export type Pair = (number | null)[];

export async function pricesOf(left: string, right: string): Promise<Pair> {
  const products = await Promise.all([left, right].map(productById));
  return query(30, () => products.map((product) => product?.price ?? null));
}

export async function stockOf(left: string, right: string): Promise<Pair> {
  const products = await Promise.all([left, right].map(productById));
  return query(35, () => products.map((product) => product?.stock ?? null));
}

/** In how many days each arrives. */
export async function shippingOf(left: string, right: string): Promise<Pair> {
  const products = await Promise.all([left, right].map(productById));
  return query(40, () => products.map((product) => (product ? (product.category === "chairs" ? 6 : 2) : null)));
}
