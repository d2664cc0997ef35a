"use client";
// Two products side by side. One press of the button calls three read actions in a Promise.all.
import { useState } from "react";
import { getPrice } from "@/actions/getPrice";
import { getShipping } from "@/actions/getShipping";
import { getStock } from "@/actions/getStock";
import { money } from "@/data/money";

interface Figures {
  price: (number | null)[];
  stock: (number | null)[];
  shipping: (number | null)[];
}

export function Comparison({ choices }: { choices: { id: string; name: string }[] }) {
  const [left, setLeft] = useState(choices[0]!.id);
  const [right, setRight] = useState(choices[1]!.id);
  const [figures, setFigures] = useState<Figures>();
  const [rounds, setRounds] = useState(0);

  async function compare() {
    const [price, stock, shipping] = await Promise.all([getPrice(left, right), getStock(left, right), getShipping(left, right)]);
    setFigures({ price, stock, shipping });
    setRounds((count) => count + 1);
  }

  const options = choices.map(({ id, name }) => (
    <option key={id} value={id}>
      {name}
    </option>
  ));
  return (
    <>
      <div className="row">
        <select aria-label="Left product" value={left} onChange={(event) => setLeft(event.target.value)}>
          {options}
        </select>
        <select aria-label="Right product" value={right} onChange={(event) => setRight(event.target.value)}>
          {options}
        </select>
        <button className="button" onClick={compare}>
          Compare
        </button>
      </div>
      {figures && (
        <table data-testid="comparison" data-rounds={rounds}>
          <tbody>
            <Line label="Price" values={figures.price.map((cents) => (cents === null ? "–" : money(cents)))} />
            <Line label="In stock" values={figures.stock.map((pieces) => pieces ?? "–")} />
            <Line label="Arrives in days" values={figures.shipping.map((days) => days ?? "–")} />
          </tbody>
        </table>
      )}
    </>
  );
}

function Line({ label, values }: { label: string; values: (string | number)[] }) {
  return (
    <tr>
      <th>{label}</th>
      <td className="number">{values[0]}</td>
      <td className="number">{values[1]}</td>
    </tr>
  );
}
