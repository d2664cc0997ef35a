// Page /: the shop window. Keep. Its shelves come from the cached GET /api/categories, its products are read here.
import Link from "next/link";
import { CategoryStrip } from "@/components/CategoryStrip";
import { ProductCard } from "@/components/ProductCard";
import { allProducts } from "@/data/products";

export default async function Home() {
  const featured = (await allProducts()).filter((_, index) => index % 2 === 0);
  return (
    <>
      <section className="hero">
        <div>
          <p className="eyebrow">Autumn, slowly</p>
          <h1>Things for quiet rooms</h1>
          <p className="lead">Lamps that warm, chairs that wait, vases for one branch, and mugs that outlast a delay.</p>
          <Link href="/products" className="button">
            See everything
          </Link>
        </div>
      </section>
      <CategoryStrip />
      <h2>In the window</h2>
      <div className="grid">
        {featured.map((product) => (
          <ProductCard key={product.id} product={product} prefetch />
        ))}
      </div>
    </>
  );
}
