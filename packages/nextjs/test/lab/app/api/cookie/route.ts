export function POST() {
  return new Response(null, { status: 204, headers: { 'set-cookie': 'seen=1; Path=/' } })
}
