"use client";
// The price list, fetched from GET /api/catalog by every reader anew.
import { useEffect, useState } from "react";
import { money } from "@/data/money";

interface Line {
  id: string;
  name: string;
  category: string;
  price: number;
}

export function PriceList() {
  const [lines, setLines] = useState<Line[]>();
  useEffect(() => {
    fetch("/api/catalog")
      .then((response) => response.json())
      .then((body) => setLines(body.lines));
  }, []);
  if (!lines) return <p className="muted">One moment …</p>;
  return (
    <table data-testid="price-list">
      <thead>
        <tr>
          <th>Product</th>
          <th>Shelf</th>
          <th className="number">Price</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.id}>
            <td>{line.name}</td>
            <td className="muted">{line.category}</td>
            <td className="number">{money(line.price)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
