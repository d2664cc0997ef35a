// Action subscribe: enters an address for the newsletter. RIGHT SIDE: keep.
// Its form also works in browsers without JavaScript, which nothing but an action (or a full form post) gives.
"use server";

import { redirect } from "next/navigation";
import { saveSubscriber } from "@/data/letters";

export async function subscribe(form: FormData): Promise<void> {
  const address = String(form.get("address") ?? "").trim();
  if (!address.includes("@")) redirect("/newsletter?invalid=1");
  await saveSubscriber(address);
  redirect("/newsletter/thanks");
}
