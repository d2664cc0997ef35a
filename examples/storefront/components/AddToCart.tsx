"use client";
// The cart buttons of a product: fetch, then router.refresh() so that the header counts anew. Two requests per click,
// where a server action would need one.
import { useRouter } from "next/navigation";
import { useState } from "react";

export function AddToCart({ productId, set }: { productId: string; set: string[] }) {
  const router = useRouter();
  const [message, setMessage] = useState("");

  async function add(products: string[]) {
    const response = await fetch("/api/cart", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ products }),
    });
    const body = await response.json();
    setMessage(response.ok ? `${body.items} in your cart` : body.error);
    router.refresh();
  }

  return (
    <div className="row">
      <button className="button" onClick={() => add([productId])}>
        Add to cart
      </button>
      <button className="button quiet" onClick={() => add(set)}>
        Add the matching set
      </button>
      <span className="muted" role="status">
        {message}
      </span>
    </div>
  );
}
