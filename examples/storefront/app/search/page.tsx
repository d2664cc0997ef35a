// Page /search: finds things while you type. Keep. Asks GET /api/search.
import { SearchBox } from "@/components/SearchBox";

export default function Search() {
  return (
    <section className="narrow">
      <h1>Search</h1>
      <SearchBox />
    </section>
  );
}
