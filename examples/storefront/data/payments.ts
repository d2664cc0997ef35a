// The payment provider's messages: is the signature right, and has this event been seen before? Signed the way Stripe
// signs: `t=<seconds>,v1=<hex hmac-sha256 of "t.body">`.
import { createHmac, timingSafeEqual } from "node:crypto";
import { query, tables } from "./database";

const secret = process.env.STRIPE_WEBHOOK_SECRET ?? "whsec_storefront_example";
const toleratedAge = 300;

export function isSigned(body: string, header: string | null, nowSeconds = Date.now() / 1000): boolean {
  const parts = new Map(header?.split(",").map((part) => part.split("=", 2) as [string, string]));
  const time = Number(parts.get("t"));
  if (!Number.isFinite(time) || Math.abs(nowSeconds - time) > toleratedAge) return false;
  const expected = Buffer.from(createHmac("sha256", secret).update(`${time}.${body}`).digest("hex"));
  const given = Buffer.from(parts.get("v1") ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Events may come twice; true when this one is new. */
export async function recordPayment(eventId: string): Promise<boolean> {
  return query(15, () => {
    const isNew = !tables.paidEvents.has(eventId);
    tables.paidEvents.add(eventId);
    return isNew;
  });
}
