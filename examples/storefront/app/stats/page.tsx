// Page /stats: the shop in numbers. Keep, improvement server-self-fetch.
// This server component fetches its own app's GET /api/stats over HTTP: one more invocation, one more pass through the
// proxy, one more serialisation. Calling figures() would give the same.
import { headers } from "next/headers";
import type { Figures } from "@/data/figures";

export default async function Stats() {
  const host = (await headers()).get("host");
  const response = await fetch(`http://${host}/api/stats`, { cache: "no-store" });
  const figures = (await response.json()) as Figures;
  const cards: [string, number][] = [
    ["orders", figures.orders],
    ["subscribers", figures.subscribers],
    ["votes", figures.votes],
    ["products looked at", figures.productViews],
  ];
  return (
    <>
      <h1>Behind the counter</h1>
      <div className="grid" data-testid="figures">
        {cards.map(([label, value]) => (
          <div key={label} className="card figure">
            <b>{value}</b>
            <span className="muted">{label}</span>
          </div>
        ))}
      </div>
    </>
  );
}
