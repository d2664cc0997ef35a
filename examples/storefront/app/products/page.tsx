// Page /products: the assortment. Keep. The list itself is fetched in the browser from GET /api/products, the URL that
// the mobile app uses too.
import { ProductList } from "@/components/ProductList";

export default async function Products({ searchParams }: { searchParams: Promise<{ category?: string }> }) {
  const { category } = await searchParams;
  return (
    <>
      <h1>Products</h1>
      <ProductList firstCategory={category ?? ""} />
    </>
  );
}
