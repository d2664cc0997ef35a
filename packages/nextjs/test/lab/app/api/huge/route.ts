export const dynamic = 'force-dynamic'

const BODY = new Uint8Array(3_000_000).fill(97)

export function GET() {
  return new Response(BODY, { headers: { 'content-type': 'application/octet-stream' } })
}
