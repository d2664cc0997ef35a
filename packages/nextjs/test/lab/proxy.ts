// Named middleware.ts, with a function of that name, in Next.js 14 and 15: the tests rename it.
import { NextResponse, type NextRequest } from 'next/server'

export function proxy(request: NextRequest) {
  if (request.nextUrl.searchParams.has('stop')) return NextResponse.redirect(new URL('/', request.url))
  return NextResponse.next()
}

export const config = { matcher: ['/api/echo', '/item/:path*'] }
