import { redact } from '@latchkey/core/service'
import { fieldOf, textAt, unboxed } from './answer.ts'
import { wordsOf } from './server-words.ts'

/** Maximum length of a server's message in an error, in characters. */
const MAX_WORDS = 300
const MAX_FIELDS = 6

/**
 * Returns the server's description of an error, with the fields; empty if there is none, or it is an HTML page.
 *
 * @param secrets Values that were sent. They are removed from the message if the server repeats them.
 */
export function messageOf(body: unknown, secrets: readonly string[]): string {
  const said = wordsOf(body)
  const fields = fieldErrorsOf(body)
  const isRepeated = fields.some(([, words]) => words === said)
  const listed = fields
    .slice(0, MAX_FIELDS)
    .map(([field, words]) => (field === '' ? words : `${field}: ${words}`))
  const parts = isRepeated ? listed : [said, ...listed]
  return shown(parts.filter((text) => text !== '').join('; '), secrets)
}

const shown = (text: string, secrets: readonly string[]) =>
  redact(text, secrets).slice(0, MAX_WORDS)

/**
 * Returns the errors by field, as the usual frameworks write them: Laravel and ASP.NET (`errors`, by field), Django
 * (fields with lists), FastAPI (`detail`, with `loc`), express-validator (`errors`, with `path`), NestJS (a list of
 * messages). The field is empty if the server does not name it.
 */
export function fieldErrorsOf(body: unknown): [field: string, words: string][] {
  const lists = [
    listAt(body, 'errors'),
    fieldOf(body, 'errors'),
    listAt(body, 'detail'),
    listAt(body, 'message'),
  ]
  for (const list of lists) {
    const found = Array.isArray(list)
      ? list.flatMap(ofEntry)
      : byField(list, list === lists[0] && wordsOf(list) === '')
    if (found.length > 0) return found
  }
  return byField(body)
}

/** Returns the body's own value at `path`. */
const listAt = (body: unknown, path: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, path)
    ? (body as Record<string, unknown>)[path]
    : undefined

/** Returns the errors of an object whose values are all lists of text. In `errors` they may be text as well. */
function byField(value: unknown, mayBeText = false): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const entries = Object.entries(value)
  const isByField = entries.every(
    ([, words]) => (mayBeText || Array.isArray(words)) && [words].flat().every(isText),
  )
  return isByField ? entries.map(([field, words]) => [field, [words].flat().join(', ')]) : []
}

function ofEntry(entry: unknown): [string, string][] {
  if (isText(entry)) return [['', entry]]
  const words = ['msg', 'message', 'detail'].map((name) => textAt(entry, name)).find(Boolean)
  const place = unboxed(
    fieldOf(entry, 'path') ?? fieldOf(entry, 'param') ?? fieldOf(entry, 'field'),
  )
  const loc = listAt(entry, 'loc')
  const field = Array.isArray(loc) ? String(loc.at(-1)) : place
  return words && isText(field) ? [[field, words]] : []
}

const isText = (value: unknown): value is string => typeof value === 'string'
