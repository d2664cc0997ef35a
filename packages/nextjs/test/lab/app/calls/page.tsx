// Fetches while it renders, from the address it is given: the app's own, or another.
export const dynamic = 'force-dynamic'

export default async function Page({ searchParams }: { searchParams: Promise<{ to: string }> }) {
  const { to } = await searchParams
  const answer = await fetch(to, { cache: 'no-store' })
  return <p>answer {await answer.text()}</p>
}
