// What the shop sells. Prices are in cents. Nothing here changes while the app runs.
import { query } from "./database";

export type Category = "lamps" | "chairs" | "vases" | "mugs";

export interface Product {
  id: string;
  name: string;
  category: Category;
  price: number;
  stock: number;
  color: string;
  blurb: string;
}

export const categories: { id: Category; title: string }[] = [
  { id: "lamps", title: "Lamps" },
  { id: "chairs", title: "Chairs" },
  { id: "vases", title: "Vases" },
  { id: "mugs", title: "Mugs" },
];

const shelf: Product[] = [
  { id: "oak-lamp", name: "Oak reading lamp", category: "lamps", price: 8900, stock: 14, color: "#c98f4b", blurb: "Warm light on a turned oak foot." },
  { id: "signal-lamp", name: "Signal lamp", category: "lamps", price: 12900, stock: 6, color: "#b8483f", blurb: "Once on a platform, now on a desk." },
  { id: "paper-lamp", name: "Paper lamp", category: "lamps", price: 4900, stock: 31, color: "#d9b86c", blurb: "Folds flat, opens into a soft moon." },
  { id: "bench-chair", name: "Waiting-room chair", category: "chairs", price: 21900, stock: 8, color: "#7d6a58", blurb: "Upright, patient, surprisingly kind." },
  { id: "reed-chair", name: "Reed armchair", category: "chairs", price: 28900, stock: 4, color: "#a8925c", blurb: "Woven by hand, quiet when you sit." },
  { id: "steel-chair", name: "Steel garden chair", category: "chairs", price: 9900, stock: 22, color: "#5b7f8c", blurb: "Lives outside and does not mind." },
  { id: "river-vase", name: "River vase", category: "vases", price: 5900, stock: 17, color: "#4f8a8b", blurb: "Glazed in the greens of slow water." },
  { id: "salt-vase", name: "Salt-fired vase", category: "vases", price: 7400, stock: 9, color: "#9a8f86", blurb: "No two come out of the kiln alike." },
  { id: "tall-vase", name: "Tall vase", category: "vases", price: 6600, stock: 12, color: "#6d6fa3", blurb: "For one branch and a lot of air." },
  { id: "station-mug", name: "Station mug", category: "mugs", price: 1900, stock: 60, color: "#3f6f57", blurb: "Holds a tea as long as a delay." },
  { id: "morning-mug", name: "Morning mug", category: "mugs", price: 1700, stock: 48, color: "#d08c60", blurb: "Wide, light, easy to find half asleep." },
  { id: "ink-mug", name: "Ink mug", category: "mugs", price: 2100, stock: 35, color: "#3d4a6b", blurb: "Dark blue outside, white inside." },
];

export function allProducts(): Promise<Product[]> {
  return query(8, () => shelf);
}

export async function productsIn(category: string | null): Promise<Product[]> {
  return query(8, () => (category ? shelf.filter((product) => product.category === category) : shelf));
}

export async function productById(id: string): Promise<Product | undefined> {
  return query(3, () => shelf.find((product) => product.id === id));
}

export function isProductId(id: unknown): id is string {
  return shelf.some((product) => product.id === id);
}

/** The product itself and the next four on the shelf: what a "matching set" holds. */
export function matchingSet(id: string): string[] {
  const start = shelf.findIndex((product) => product.id === id);
  return Array.from({ length: 7 }, (_, step) => shelf[(start + step) % shelf.length]!.id);
}

/** A price list line: what wholesale customers read; the same for everyone. */
export async function priceList(): Promise<Pick<Product, "id" | "name" | "category" | "price">[]> {
  return query(35, () => shelf.map(({ id, name, category, price }) => ({ id, name, category, price })));
}

export async function searchProducts(words: string): Promise<Product[]> {
  const wanted = words.trim().toLowerCase();
  return query(22, () =>
    wanted === "" ? [] : shelf.filter((product) => `${product.name} ${product.category} ${product.blurb}`.toLowerCase().includes(wanted)),
  );
}
