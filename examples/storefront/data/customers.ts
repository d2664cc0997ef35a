// Signing in by an identity provider, and what the shop knows about a customer. The provider itself is pretended:
// the login page hands out a code that a real one would have sent.
import { createHmac, timingSafeEqual } from "node:crypto";
import { query, tables } from "./database";
import { allProducts, type Product } from "./products";

const stateKey = process.env.STOREFRONT_STATE_KEY ?? "a key for a shop that is only an example";

/** Binds a login to the browser that began it. */
export function loginState(visitor: string): string {
  return createHmac("sha256", stateKey).update(visitor).digest("hex").slice(0, 24);
}

export async function signIn(visitor: string, code: string | null, state: string | null): Promise<boolean> {
  return query(25, () => {
    const expected = Buffer.from(loginState(visitor));
    const given = Buffer.from(state ?? "");
    if (!code || given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
    tables.signedIn.add(visitor);
    return true;
  });
}

export interface Profile {
  name: string;
  member: boolean;
}

export async function profileOf(visitor: string): Promise<Profile> {
  return query(35, () => {
    const member = tables.signedIn.has(visitor);
    return { name: member ? "Robin Sayer" : "Guest", member };
  });
}

export async function recommendationsFor(visitor: string): Promise<Pick<Product, "id" | "name">[]> {
  const liked = tables.favorites.get(visitor);
  const products = await allProducts();
  return query(30, () =>
    products
      .filter((product) => !liked?.has(product.id))
      .slice(0, 3)
      .map(({ id, name }) => ({ id, name })),
  );
}

export async function notificationsFor(visitor: string): Promise<string[]> {
  return query(25, () => {
    const cart = tables.carts.get(visitor)?.size ?? 0;
    return [cart > 0 ? `${cart} things wait in your cart` : "Your cart is empty", "The reed armchair is back"];
  });
}
