// Page /catalog: the public price list. Keep. Its lines come from GET /api/catalog, its download is GET /api/export.
import { PriceList } from "@/components/PriceList";

export default function Catalog() {
  return (
    <section className="narrow">
      <h1>Price list</h1>
      <p className="lead">
        The same for everyone. <a href="/api/export">Download it as CSV</a>
      </p>
      <PriceList />
    </section>
  );
}
