// The shop's "database": tables in memory and the time a query takes. No business rules: those are in the
// neighbouring files, one per subject. Next.js bundles pages, route handlers and pages/api separately, so the tables
// hang on globalThis, where all of them see the same ones. Lost on restart, on purpose.
import type { Order } from "./orders";
import type { Review } from "./reviews";

interface Tables {
  /** Visitor -> product id -> quantity. */
  carts: Map<string, Map<string, number>>;
  orders: Map<string, Order>;
  reviews: Map<string, Review[]>;
  favorites: Map<string, Set<string>>;
  votes: Map<string, number>;
  subscribers: Set<string>;
  signedIn: Set<string>;
  messages: number;
  paidEvents: Set<string>;
  productViews: number;
}

const everyBundle = globalThis as typeof globalThis & { storefrontTables?: Tables };

export const tables: Tables = (everyBundle.storefrontTables ??= {
  carts: new Map(),
  orders: new Map(),
  reviews: new Map(),
  favorites: new Map(),
  votes: new Map(),
  subscribers: new Set(),
  signedIn: new Set(),
  messages: 0,
  paidEvents: new Set(),
  productViews: 0,
});

/** Runs `work` after the time the query would take; the same query always takes the same time. */
export async function query<Result>(milliseconds: number, work: () => Result): Promise<Result> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return work();
}
