'use client'

// Calls the actions from a browser; its being here puts their ids into the page.
import { plain, redirects, revalidate, throws } from './actions'

export function Caller() {
  const call = (action: (word: string) => Promise<unknown>) => () => void action('x').catch(() => undefined)
  return (
    <>
      <button onClick={call(plain)}>plain</button>
      <button onClick={call(revalidate)}>revalidate</button>
      <button onClick={call(redirects)}>redirects</button>
      <button onClick={call(throws)}>throws</button>
    </>
  )
}
