export const dynamic = 'force-dynamic'

export function GET() {
  return new Response('try later', { status: 503, headers: { 'retry-after': '7' } })
}
