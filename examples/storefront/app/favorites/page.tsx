// Page /favorites: what the visitor likes. Keep. Its hearts call the action toggleFavorite and then refresh in vain.
import { FavoriteButton } from "@/components/FavoriteButton";
import { favoritesOf } from "@/data/favorites";
import { allProducts } from "@/data/products";
import { visitor } from "@/data/visitor";

export default async function Favorites() {
  const [products, liked] = await Promise.all([allProducts(), favoritesOf(await visitor())]);
  return (
    <section className="narrow">
      <h1>Favourites</h1>
      <ul className="favorites">
        {products.map(({ id, name, category }) => (
          <li key={id}>
            <span>
              {name} <span className="muted">{category}</span>
            </span>
            <FavoriteButton productId={id} name={name} liked={liked.has(id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
