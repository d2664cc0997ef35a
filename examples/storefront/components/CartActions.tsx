"use client";
// What can be done with a cart. Ordering: fetch and router.refresh(). Clearing: one action per product in a
// Promise.all, which runs them one after another all the same.
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { removeItem } from "@/actions/removeItem";

export function CartActions({ productIds }: { productIds: string[] }) {
  const router = useRouter();
  const [order, setOrder] = useState<string>();
  const empty = productIds.length === 0;

  async function placeOrder() {
    const response = await fetch("/api/orders", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const body = await response.json();
    if (response.ok) setOrder(body.order);
    router.refresh();
  }

  async function clear() {
    await Promise.all(productIds.map((id) => removeItem(id)));
  }

  return (
    <>
      {!empty && (
        <div className="row">
          <button className="button" onClick={placeOrder}>
            Place the order
          </button>
          <button className="button quiet" onClick={clear}>
            Clear the cart
          </button>
        </div>
      )}
      {order && (
        <p>
          Thank you.{" "}
          <Link href={`/orders/${order}`} prefetch={false}>
            Follow order {order}
          </Link>
        </p>
      )}
    </>
  );
}
