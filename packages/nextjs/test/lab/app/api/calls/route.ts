export const dynamic = 'force-dynamic'

export async function GET(request: Request) {
  const to = new URL(request.url).searchParams.get('to') ?? ''
  return new Response(await (await fetch(to, { cache: 'no-store' })).text())
}
