export const dynamic = 'force-dynamic'

export function GET() {
  const encoder = new TextEncoder()
  const stream = new ReadableStream({
    async start(controller) {
      for (let i = 0; i < 4; i += 1) {
        controller.enqueue(encoder.encode(`${'part'.repeat(250)}\n`.slice(0, 1000)))
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      controller.close()
    },
  })
  return new Response(stream, { headers: { 'content-type': 'text/plain; charset=utf-8' } })
}
