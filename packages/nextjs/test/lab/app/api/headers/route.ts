export const dynamic = 'force-dynamic'

export function GET(request: Request) {
  return Response.json(Object.fromEntries(request.headers))
}
