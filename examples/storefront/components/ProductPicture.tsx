// A drawing of a product by its category and colour: the shop has no photographs, and needs no image requests.
import type { Category, Product } from "@/data/products";

const shapes: Record<Category, string> = {
  lamps: "M36 30h48l16 44H20zM57 74h6v34h-6zM40 108h40v6H40z",
  chairs: "M36 18h8v46h40v-6h6v56h-6V78H44v36h-8z M44 26h22v30H44z",
  vases: "M50 20h20v14c0 10 18 18 18 44 0 22-12 36-28 36S32 100 32 78c0-26 18-34 18-44z",
  mugs: "M30 40h50v12h10c10 0 14 8 14 17s-6 18-18 18h-8c-3 14-10 19-23 19-18 0-25-10-25-32zM80 60v19h6c6 0 9-4 9-10s-3-9-8-9z",
};

export function ProductPicture({ product }: { product: Pick<Product, "category" | "color" | "name"> }) {
  return (
    <svg className="picture" viewBox="0 0 120 130" role="img" aria-label={product.name}>
      <rect width="120" height="130" fill={product.color} opacity="0.14" />
      <ellipse cx="60" cy="115" rx="38" ry="5" fill="#2b2620" opacity="0.12" />
      <path d={shapes[product.category]} fill={product.color} fillRule="evenodd" />
    </svg>
  );
}
