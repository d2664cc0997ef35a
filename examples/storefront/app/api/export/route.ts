// GET /api/export: the price list as a CSV file. RIGHT SIDE: keep.
// A link leads here and the browser saves what it gets; an action can be neither linked nor downloaded. As with GET
// /api/catalog, everyone gets the same bytes, computed anew each time.
import { priceList } from "@/data/products";

export async function GET(): Promise<Response> {
  const rows = (await priceList()).map((line) => [line.id, `"${line.name}"`, line.category, (line.price / 100).toFixed(2)].join(","));
  return new Response(["id,name,category,price", ...rows, ""].join("\n"), {
    headers: { "content-type": "text/csv; charset=utf-8", "content-disposition": 'attachment; filename="price-list.csv"' },
  });
}
