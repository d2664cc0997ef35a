export async function POST(request: Request) {
  await request.text()
  return new Response('received')
}
