"use client";
// The shelves of the shop, fetched once from the cached GET /api/categories.
import Link from "next/link";
import { useEffect, useState } from "react";
import type { Category } from "@/data/products";

export function CategoryStrip() {
  const [shelves, setShelves] = useState<{ id: Category; title: string }[]>([]);
  useEffect(() => {
    fetch("/api/categories")
      .then((response) => response.json())
      .then((body) => setShelves(body.categories));
  }, []);
  return (
    <div className="strip" data-testid="categories">
      {shelves.map(({ id, title }) => (
        <Link key={id} href={`/products?category=${id}`} prefetch={false}>
          {title}
        </Link>
      ))}
    </div>
  );
}
