// Page /orders/[id]: one order on its way. Keep. The first status is rendered here; the ticker then polls the action
// getOrderStatus. ORDER_POLL_MS sets the pause between two polls.
import { notFound } from "next/navigation";
import { OrderTicker } from "@/components/OrderTicker";
import { orderStage, stages } from "@/data/orders";

export default async function OrderPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const stage = await orderStage(id);
  if (!stage) notFound();
  return (
    <section className="narrow">
      <h1>Order {id}</h1>
      <OrderTicker orderId={id} firstStage={stage} stages={[...stages]} pollMilliseconds={Number(process.env.ORDER_POLL_MS ?? 1000)} />
    </section>
  );
}
