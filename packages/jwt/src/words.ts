import { redact } from '@latchkey/core/service'
import { fieldOf, textAt, unboxed } from './answer.ts'

/** Where servers say what went wrong, the most telling first. */
const MESSAGES = [
  'message',
  'msg',
  'detail',
  'error_description',
  'error.message',
  'errors.0.message',
  'errors.0.detail',
  'errors.0.msg',
  'title',
  'error',
  'reason',
  'errors.0.title',
  'errors.0',
  'non_field_errors.0',
]

/** How much of a server's words is shown, in characters. */
const MAX_WORDS = 300
const MAX_FIELDS = 6

/**
 * What a server says went wrong, and with which field; empty when it does not, or when it is a page.
 *
 * @param secrets What was sent, and may not show up should the server repeat it.
 */
export function messageOf(body: unknown, secrets: readonly string[]): string {
  if (typeof body === 'string') return /^\s*</.test(body) ? '' : shown(body.trim(), secrets)
  const said = MESSAGES.map((path) => textAt(body, path)).find((text) => text !== '') ?? ''
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
 * What is wrong with which field, as the usual frameworks tell it: Laravel and ASP.NET (`errors`, by field), Django
 * (fields with lists), FastAPI (`detail`, with `loc`), express-validator (`errors`, with `path`), NestJS (a list of
 * messages). The field is empty where it is not named.
 */
export function fieldErrorsOf(body: unknown): [field: string, words: string][] {
  const lists = [
    fieldOf(body, 'errors'),
    listAt(body, 'errors'),
    listAt(body, 'detail'),
    listAt(body, 'message'),
  ]
  for (const list of lists) {
    const found = Array.isArray(list) ? list.flatMap(ofEntry) : byField(list)
    if (found.length > 0) return found
  }
  return byField(body)
}

/** What is at `path`, also where it is a list of one. */
const listAt = (body: unknown, path: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, path)
    ? (body as Record<string, unknown>)[path]
    : undefined

/** An object all of whose values are lists of text, or text in `errors`. */
function byField(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const entries = Object.entries(value)
  const isByField = entries.every(([, words]) => Array.isArray(words) && words.every(isText))
  return isByField ? entries.map(([field, words]) => [field, (words as string[]).join(', ')]) : []
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
