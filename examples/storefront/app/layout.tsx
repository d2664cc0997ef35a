// The frame of every page: title, navigation with the number of things in the cart, footer.
import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { Ready } from "@/components/Ready";
import { cartCount } from "@/data/carts";
import { visitor } from "@/data/visitor";
import "./globals.css";

export const metadata: Metadata = {
  title: "Lantern & Loom",
  description: "Lamps, chairs, vases and mugs for quiet rooms",
  // Inline, so that no browser asks for /favicon.ico.
  icons: { icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23a4552e'/%3E%3C/svg%3E" },
};

const shopLinks = [
  ["/products", "Products"],
  ["/search", "Search"],
  ["/compare", "Compare"],
  ["/catalog", "Price list"],
  ["/favorites", "Favourites"],
  ["/dashboard", "Your desk"],
] as const;

const houseLinks = [
  ["/assistant", "Ask us"],
  ["/contact", "Contact"],
  ["/newsletter", "Newsletter"],
  ["/returns", "Returns"],
  ["/stats", "Behind the counter"],
  ["/login", "Sign in"],
] as const;

export default async function Layout({ children }: { children: ReactNode }) {
  const inCart = await cartCount(await visitor());
  return (
    <html lang="en">
      <body>
        <Ready />
        <header className="top">
          {/* On every page: prefetching all of these each time would be most of the shop's traffic. */}
          <Link href="/" prefetch={false} className="brand">
            Lantern <span>&amp;</span> Loom
          </Link>
          <nav aria-label="Shop">
            {shopLinks.map(([path, label]) => (
              <Link key={path} href={path} prefetch={false}>
                {label}
              </Link>
            ))}
            <Link href="/cart" prefetch={false} className="cart-link">
              Cart <b data-testid="cart-count">{inCart}</b>
            </Link>
          </nav>
        </header>
        <main>{children}</main>
        <footer className="bottom">
          <nav aria-label="House">
            {houseLinks.map(([path, label]) => (
              <Link key={path} href={path} prefetch={false}>
                {label}
              </Link>
            ))}
          </nav>
          <p>An example shop. Nothing is sold here, and everything is observed.</p>
        </footer>
      </body>
    </html>
  );
}
