export const dynamic = 'force-dynamic'

export function GET() {
  return new Response('a,b\n1,2\n', {
    headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="a.csv"', 'access-control-allow-origin': '*' },
  })
}
