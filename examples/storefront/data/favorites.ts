// Which products a visitor likes.
import { query, tables } from "./database";

export async function favoritesOf(visitor: string): Promise<Set<string>> {
  return query(4, () => new Set(tables.favorites.get(visitor)));
}

export async function flipFavorite(visitor: string, productId: string): Promise<boolean> {
  return query(20, () => {
    const liked = tables.favorites.get(visitor) ?? new Set<string>();
    const likes = !liked.delete(productId);
    if (likes) liked.add(productId);
    tables.favorites.set(visitor, liked);
    return likes;
  });
}
