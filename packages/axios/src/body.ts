import { bodyFactory, isOneShot, snapshot } from '@latchkey/core/adapter'

/** A request's body as it was at the call, for one attempt or two. */
export interface Body {
  /** Returns the body of the next attempt, and its content type if the headers do not name it. */
  next(): { data: unknown; type?: string | undefined }
  readonly replayable: boolean
}

/** The property of npm's form-data that holds its parts. */
const PARTS = '_streams'

/** npm's form-data, which axios in Node creates from objects: a stream of its parts. */
interface NodeForm {
  [PARTS]: unknown[]
  getBuffer(): unknown
  getHeaders(): Record<string, string>
}

/**
 * Keeps a request's body for one attempt or two.
 *
 * @param how `'whole'`: the request has to wait before it is sent, so large buffers are copied. Otherwise they are
 *   sent without a copy, so a replay sends their contents of that time.
 */
export function settleBody(data: unknown, how?: 'whole'): Body {
  if (typeof data !== 'object' || data === null) return textBody(data)
  if (isNodeForm(data)) return formBody(data, how)
  const body = snapshot(data, how)
  const factory = bodyFactory(body)
  let isSent = false
  return {
    next() {
      const again = isSent ? factory?.() : undefined
      isSent = true
      return { data: again ?? body }
    },
    get replayable() {
      return factory !== undefined || !isOneShot(body)
    },
  }
}

const textBody = (data: unknown): Body => ({ next: () => ({ data }), replayable: true })

/**
 * Returns whether all parts can be read again: texts, buffers, and the functions that form-data puts between them.
 */
function isNodeForm(data: object): data is NodeForm {
  const { [PARTS]: parts, getBuffer, getHeaders } = data as Partial<NodeForm>
  if (typeof getBuffer !== 'function' || typeof getHeaders !== 'function') return false
  const isReplayable = (part: unknown) =>
    typeof part === 'string' || typeof part === 'function' || ArrayBuffer.isView(part)
  return Array.isArray(parts) && parts.every(isReplayable)
}

/** Keeps the parts of a form, because sending removes them from it. A replay sends them as a buffer. */
function formBody(form: NodeForm, how: 'whole' | undefined): Body {
  const remembered = Object.create(form, { [PARTS]: { value: [...form[PARTS]] } }) as NodeForm
  const type = form.getHeaders()['content-type']
  let isSent = how === 'whole' // parts that are added while the request waits are not sent
  return {
    next() {
      const again = isSent
      isSent = true
      return again ? { data: remembered.getBuffer(), type } : { data: form }
    },
    replayable: true,
  }
}
