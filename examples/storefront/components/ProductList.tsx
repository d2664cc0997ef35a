"use client";
// The assortment with its category filter, fetched from GET /api/products.
import { useEffect, useState } from "react";
import type { Product } from "@/data/products";
import { ProductCard } from "./ProductCard";

const filters = ["", "lamps", "chairs", "vases", "mugs"];

export function ProductList({ firstCategory }: { firstCategory: string }) {
  const [category, setCategory] = useState(firstCategory);
  const [shown, setShown] = useState<{ category: string; products: Product[] }>();
  useEffect(() => {
    let outdated = false;
    fetch(category ? `/api/products?category=${category}` : "/api/products")
      .then((response) => response.json())
      .then((body) => {
        if (!outdated) setShown({ category, products: body.products });
      });
    return () => {
      outdated = true;
    };
  }, [category]);
  return (
    <>
      <div className="strip">
        {filters.map((filter) => (
          <button key={filter} aria-pressed={filter === category} onClick={() => setCategory(filter)}>
            {filter || "everything"}
          </button>
        ))}
      </div>
      <div className="grid" data-testid="product-list" data-category={shown?.category}>
        {shown?.products.map((product) => (
          <ProductCard key={product.id} product={product} />
        ))}
      </div>
    </>
  );
}
