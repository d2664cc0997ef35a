// POST /api/legacy/contact: a message to the shop, still in the Pages Router. RIGHT ENOUGH: keep.
// Only the own contact form calls it and nothing is refreshed afterwards, so a move would save nothing measurable.
import type { NextApiRequest, NextApiResponse } from "next";
import { saveMessage } from "@/data/letters";

export default async function contact(request: NextApiRequest, response: NextApiResponse): Promise<void> {
  if (request.method !== "POST") {
    response.status(405).setHeader("allow", "POST").json({ error: "send a message by POST" });
    return;
  }
  if (!request.body?.message) {
    response.status(400).json({ error: "the message is empty" });
    return;
  }
  response.status(200).json({ ticket: await saveMessage() });
}
