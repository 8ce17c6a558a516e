import type { ResponseView } from '@latchkey/core'
import { parseBody } from '../answer.ts'

/** The body of a response, parsed when it is JSON. */
export async function bodyOf(response: ResponseView): Promise<unknown> {
  return parseBody(await response.text())
}
