import { notFound } from 'next/navigation'

export const dynamic = 'force-dynamic'

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params
  if (id === 'none') notFound()
  return <h1>item {id}</h1>
}
