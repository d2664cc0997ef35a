'use client'

import * as React from 'react'
import * as ReactDOM from 'react-dom'
import { stateful } from './actions'

// React 18 calls it useFormState, in react-dom.
const useForm: typeof React.useActionState = React['useActionState' as 'useActionState'] ?? (ReactDOM as never)['useFormState']

export function StatefulForm() {
  const [state, submit] = useForm(stateful, 'state')
  return (
    <form action={submit} id="stateful">
      <input name="word" defaultValue="w" />
      <output>{state}</output>
    </form>
  )
}
