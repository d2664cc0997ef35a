import { bound, calls, formPlain, formRedirect, throws } from './actions'
import { Caller } from './caller'
import { StatefulForm } from './stateful-form'

export const dynamic = 'force-dynamic'

export default function Page() {
  const secret = 7
  async function inline(form: FormData) {
    'use server'
    console.log('inline', secret, form.get('word'))
  }
  return (
    <main>
      <Caller />
      <form action={formPlain} id="plain">
        <input name="word" />
      </form>
      <form action={formRedirect} id="redirect" />
      <form action={throws} id="throws" />
      <form action={bound.bind(null, 42)} id="bound">
        <input name="word" />
      </form>
      <form action={inline} id="inline">
        <input name="word" />
      </form>
      <form action={calls} id="calls">
        <input name="to" />
      </form>
      <StatefulForm />
    </main>
  )
}
