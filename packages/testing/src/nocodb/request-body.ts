import type { Context } from 'hono'
import { ErrorAnswer } from './answers.ts'

/**
 * @returns the fields of a JSON or form body, `{}` without one.
 * @throws ErrorAnswer 400 with the parser's own words for malformed JSON.
 */
export async function readBody(c: Context): Promise<Fields> {
  const body = await readJson(c)
  return isFields(body) ? body : {}
}

/** What a JSON object holds: names and whatever. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** @returns whatever JSON the body holds, arrays included; form fields as an object. */
export async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? ''
  const text = await c.req.text()
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(text))
  }
  if (text === '' || !type.startsWith('application/json')) return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ErrorAnswer(400, { msg: error instanceof Error ? error.message : '' })
  }
}
