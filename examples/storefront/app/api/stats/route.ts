// GET /api/stats: the shop in numbers. RIGHT SIDE: keep (what is wrong is who calls it: see app/stats/page.tsx).
import { figures } from "@/data/figures";

export async function GET(): Promise<Response> {
  return Response.json(await figures());
}
