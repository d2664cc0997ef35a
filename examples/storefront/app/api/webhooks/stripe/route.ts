// POST /api/webhooks/stripe: the payment provider reports a payment. RIGHT SIDE: keep.
// A machine outside sends it and signs the raw body; an action has neither a stable URL nor that body.
import { isSigned, recordPayment } from "@/data/payments";

export async function POST(request: Request): Promise<Response> {
  const body = await request.text();
  if (!isSigned(body, request.headers.get("stripe-signature"))) {
    return Response.json({ error: "signature does not match" }, { status: 400 });
  }
  const event = JSON.parse(body) as { id: string };
  return Response.json({ received: true, new: await recordPayment(event.id) });
}
