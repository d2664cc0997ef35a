// Page /compare: two products side by side. Keep. The figures come from three read actions when the button is pressed;
// with STOREFRONT_MOVED=1 from three routes.
import { Comparison } from "@/components/Comparison";
import { moved } from "@/data/moved";
import { allProducts } from "@/data/products";

export default async function Compare() {
  const products = await allProducts();
  return (
    <section className="narrow">
      <h1>Compare</h1>
      <p className="lead">Choose two things and see which one fits.</p>
      <Comparison choices={products.map(({ id, name }) => ({ id, name }))} moved={moved} />
    </section>
  );
}
