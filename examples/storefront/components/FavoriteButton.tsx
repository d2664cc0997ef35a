"use client";
// A heart. The action's answer already holds the re-rendered page; the refresh after it loads the page again in vain.
import { useRouter } from "next/navigation";
import { toggleFavorite } from "@/actions/toggleFavorite";

export function FavoriteButton({ productId, name, liked }: { productId: string; name: string; liked: boolean }) {
  const router = useRouter();
  async function toggle() {
    await toggleFavorite(productId);
    router.refresh();
  }
  return (
    <button className="heart" aria-label={`Like ${name}`} aria-pressed={liked} onClick={toggle}>
      {liked ? "♥" : "♡"}
    </button>
  );
}
