// A product in a grid; the whole card is a link, and Next.js prefetches it when it comes into view.
import Link from "next/link";
import { money } from "@/data/money";
import type { Product } from "@/data/products";
import { ProductPicture } from "./ProductPicture";

export function ProductCard({ product }: { product: Product }) {
  return (
    <Link href={`/product/${product.id}`} className="card" data-testid="product-card">
      <ProductPicture product={product} />
      <span className="name">{product.name}</span>
      <span className="muted">{money(product.price)}</span>
    </Link>
  );
}
