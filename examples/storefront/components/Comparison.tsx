"use client";
// Two products side by side. One press of the button calls three read actions in a Promise.all, which run one after
// another; the three routes that they should be (moved) run at the same time.
import { useState } from "react";
import { getPrice } from "@/actions/getPrice";
import { getShipping } from "@/actions/getShipping";
import { getStock } from "@/actions/getStock";
import type { Pair } from "@/data/comparison";
import { money } from "@/data/money";

type Figure = "price" | "stock" | "shipping";
type Read = (left: string, right: string) => Promise<Pair>;

const byAction: Record<Figure, Read> = { price: getPrice, stock: getStock, shipping: getShipping };
const byRoute: Record<Figure, Read> = { price: ask("price"), stock: ask("stock"), shipping: ask("shipping") };

export function Comparison({ choices, moved }: { choices: { id: string; name: string }[]; moved: boolean }) {
  const [left, setLeft] = useState(choices[0]!.id);
  const [right, setRight] = useState(choices[1]!.id);
  const [figures, setFigures] = useState<Record<Figure, Pair>>();
  const [rounds, setRounds] = useState(0);

  async function compare() {
    const read = moved ? byRoute : byAction;
    const [price, stock, shipping] = await Promise.all([read.price(left, right), read.stock(left, right), read.shipping(left, right)]);
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

function ask(figure: Figure): Read {
  return async (left, right) => (await fetch(`/api/${figure}?${new URLSearchParams({ left, right })}`)).json();
}
