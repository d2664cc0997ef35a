// Page /product/[id]: one product, with its cart buttons and reviews. Keep. The buttons use POST /api/cart and refresh
// (the wrong way; with STOREFRONT_MOVED=1 the action addToCart), the review form uses the action addReview (the right way).
import Link from "next/link";
import { notFound } from "next/navigation";
import { addReview } from "@/actions/addReview";
import { AddToCart } from "@/components/AddToCart";
import { ProductPicture } from "@/components/ProductPicture";
import { SubmitButton } from "@/components/SubmitButton";
import { countProductView } from "@/data/figures";
import { money } from "@/data/money";
import { moved } from "@/data/moved";
import { matchingSet, productById } from "@/data/products";
import { reviewsOf } from "@/data/reviews";

export default async function ProductPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const [product, reviews] = await Promise.all([productById(id), reviewsOf(id)]);
  if (!product) notFound();
  countProductView();
  const set = matchingSet(id);
  return (
    <>
      <article className="product">
        <ProductPicture product={product} />
        <div>
          <p className="eyebrow">{product.category}</p>
          <h1>{product.name}</h1>
          <p className="lead">{product.blurb}</p>
          <p className="price">{money(product.price)}</p>
          <p className="muted">{product.stock} in stock</p>
          <AddToCart productId={product.id} set={set} moved={moved} />
          <p>
            Goes with the <Link href={`/product/${set[1]}`}>next thing on the shelf</Link>.
          </p>
        </div>
      </article>
      <section className="narrow">
        <h2>What customers say</h2>
        <ul className="reviews" data-testid="reviews">
          {reviews.map((review, index) => (
            <li key={`${reviews.length - index} ${review.text}`}>
              <p>{review.text}</p>
              <p className="muted">{review.author}</p>
            </li>
          ))}
          {reviews.length === 0 && <li className="muted">Nobody has said anything yet.</li>}
        </ul>
        <form action={addReview.bind(null, product.id)} className="row">
          <input name="text" required maxLength={200} placeholder="Your words" aria-label="Your words" />
          <SubmitButton>Add review</SubmitButton>
        </form>
      </section>
    </>
  );
}
