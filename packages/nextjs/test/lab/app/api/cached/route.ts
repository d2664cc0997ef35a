import { cacheLife } from 'next/cache'

export const dynamic = 'force-dynamic'

async function figure(of: string) {
  'use cache'
  cacheLife('hours')
  return `${of} ${Math.random()}`
}

export async function GET(request: Request) {
  const of = new URL(request.url).searchParams.get('of') ?? ''
  return Response.json([await figure(of), await figure('common')])
}
