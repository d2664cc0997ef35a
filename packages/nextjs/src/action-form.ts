// Finds the id of a server action in a form post without JavaScript, from the first bytes of its multipart body. Pure.
// A module-level action stands in the field's name; bound ones, closures and useActionState stand in a field's value.

/** React writes its fields first, so the first bytes are enough. */
export const FORM_PREFIX_BYTES = 8 * 1024

const DIRECT = /name="\$ACTION_ID_([0-9a-f]{40,64})"/
const REFERENCE = /name="\$ACTION_REF_([^"]{0,32})"/

export function actionIdOfForm(start: string): string | undefined {
  if (!start.includes('$ACTION_')) return undefined
  const direct = DIRECT.exec(start)
  if (direct) return direct[1]
  const reference = REFERENCE.exec(start)
  if (!reference) return undefined
  const field = start.indexOf(`name="$ACTION_${reference[1]}:0"`, reference.index)
  if (field < 0) return undefined
  const value = start.indexOf('\r\n\r\n', field)
  return value < 0 ? undefined : /^\{"id":"([0-9a-f]{40,64})"/.exec(start.slice(value + 4, value + 4 + 80))?.[1]
}

export function isActionId(text: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(text)
}
