// Page /cart: what the visitor wants to buy. Keep. "Place the order" uses POST /api/orders, "Clear the cart" calls the
// action removeItem once per product.
import { CartActions } from "@/components/CartActions";
import { cartLines } from "@/data/carts";
import { money } from "@/data/money";
import { visitor } from "@/data/visitor";

export default async function Cart() {
  const lines = await cartLines(await visitor());
  const total = lines.reduce((sum, line) => sum + line.product.price * line.quantity, 0);
  return (
    <section className="narrow">
      <h1>Your cart</h1>
      {lines.length === 0 ? (
        <p className="lead" data-testid="cart-empty">
          Your cart is empty.
        </p>
      ) : (
        <table data-testid="cart-lines">
          <thead>
            <tr>
              <th>Product</th>
              <th className="number">Pieces</th>
              <th className="number">Price</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ product, quantity }) => (
              <tr key={product.id}>
                <td>{product.name}</td>
                <td className="number">{quantity}</td>
                <td className="number">{money(product.price * quantity)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td colSpan={2}>Together</td>
              <td className="number">{money(total)}</td>
            </tr>
          </tfoot>
        </table>
      )}
      <CartActions productIds={lines.map((line) => line.product.id)} />
    </section>
  );
}
