export const dynamic = 'force-dynamic'

const BODY = JSON.stringify(Array.from({ length: 1600 }, (_, i) => ({ id: i, name: `product ${i}`, price: (i * 37) % 1000 })))

export function GET() {
  return new Response(BODY, { headers: { 'content-type': 'application/json' } })
}
