export const runtime = 'edge'

export function GET() {
  return new Response('from the edge runtime')
}
