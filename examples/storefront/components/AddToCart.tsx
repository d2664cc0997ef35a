"use client";
// The cart buttons of a product: fetch, then router.refresh() so that the header counts anew. Two requests per click;
// the server action that it should be (moved) needs one.
import { useRouter } from "next/navigation";
import { useState } from "react";
import { addToCart } from "@/actions/addToCart";

export function AddToCart({ productId, set, moved }: { productId: string; set: string[]; moved: boolean }) {
  const router = useRouter();
  const [message, setMessage] = useState("");

  async function add(products: string[]) {
    const answer = moved ? await addToCart(products) : await post(products);
    setMessage("items" in answer ? `${answer.items} in your cart` : answer.error);
    if (!moved) router.refresh();
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

async function post(products: string[]): ReturnType<typeof addToCart> {
  const response = await fetch("/api/cart", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ products }),
  });
  return response.json();
}
