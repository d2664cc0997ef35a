'use server'

import { revalidatePath } from 'next/cache'
import { redirect } from 'next/navigation'

export async function plain(word: string) {
  return `plain ${word}`
}

export async function revalidate() {
  revalidatePath('/acts')
  return 'revalidated'
}

export async function redirects() {
  redirect('/item/1?from=action')
}

export async function throws() {
  throw new Error('thrown by an action')
}

export async function bound(number: number, form: FormData) {
  console.log('bound', number, form.get('word'))
}

export async function formPlain(form: FormData) {
  console.log('formPlain', form.get('word'))
}

export async function formRedirect() {
  redirect('/item/2')
}

export async function stateful(previous: string, form: FormData) {
  return `${previous} ${String(form.get('word'))}`
}

export async function calls(form: FormData) {
  await (await fetch(String(form.get('to')), { cache: 'no-store' })).text()
}
