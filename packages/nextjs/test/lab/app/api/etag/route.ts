export const dynamic = 'force-dynamic'

export function GET(request: Request) {
  const headers = { etag: '"one"', 'cache-control': 'public, max-age=60' }
  if (request.headers.get('if-none-match') === '"one"') return new Response(null, { status: 304, headers })
  return new Response('tagged', { headers })
}
