import type { ResponseView } from '@latchkey/core'
import { parseBody } from '../answer.ts'

/** Reads the body of a response; parsed if it is JSON. */
export async function bodyOf(response: ResponseView): Promise<unknown> {
  return parseBody(await response.text())
}
