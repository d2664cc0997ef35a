// GET /api/assistant: answers a question word by word as text/event-stream. RIGHT SIDE: keep.
// An action must answer in React's own format; a plain stream of events needs a route.
import { searchProducts } from "@/data/products";

const pauseBetweenWords = 30;

export async function GET(request: Request): Promise<Response> {
  const question = new URL(request.url).searchParams.get("q") ?? "";
  const found = await searchProducts(question);
  const answer = found.length > 0 ? `You may like our ${found[0]!.name}. ${found[0]!.blurb}` : "I know lamps, chairs, vases and mugs.";

  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const word of answer.split(" ")) {
        controller.enqueue(encoder.encode(`data: ${word}\n\n`));
        await new Promise((resolve) => setTimeout(resolve, pauseBetweenWords));
      }
      controller.enqueue(encoder.encode("event: done\ndata: \n\n"));
      controller.close();
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}
