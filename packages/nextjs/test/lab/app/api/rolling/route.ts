import { randomUUID } from 'node:crypto'

export const dynamic = 'force-dynamic'

// A session whose value is new with each answer, as sealed and rolling sessions are.
export function GET() {
  return new Response('rolled', { headers: { 'set-cookie': `__Secure-authjs.session-token=${randomUUID()}; Path=/; HttpOnly` } })
}
