// A product in a grid; the whole card is a link. In the shop window Next.js prefetches it when it comes into view; in
// the long list that would be a dozen requests per look.
import Link from "next/link";
import { money } from "@/data/money";
import type { Product } from "@/data/products";
import { ProductPicture } from "./ProductPicture";

export function ProductCard({ product, prefetch }: { product: Product; prefetch?: boolean }) {
  return (
    <Link href={`/product/${product.id}`} prefetch={prefetch ? null : false} className="card">
      <ProductPicture product={product} />
      <span className="name">{product.name}</span>
      <span className="muted">{money(product.price)}</span>
    </Link>
  );
}
