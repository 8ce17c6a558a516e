import { bodyFactory, isOneShot, snapshot } from '@latchkey/core/adapter'

/** A request's body as it was at the call, for one sending or two. */
export interface Body {
  /** The body of the next sending, and the type that goes with it where that is not in the headers. */
  next(): { data: unknown; type?: string | undefined }
  readonly replayable: boolean
}

/** Where npm's form-data keeps its parts. */
const PARTS = '_streams'

/** npm's form-data, which axios in Node makes of objects: a stream of the parts that it holds. */
interface NodeForm {
  [PARTS]: unknown[]
  getBuffer(): unknown
  getHeaders(): Record<string, string>
}

/**
 * @param how `'whole'`: the request has to wait before it is sent. Otherwise large buffers are sent as they are, and
 *   sent again as they are by then.
 */
export function settleBody(data: unknown, how?: 'whole'): Body {
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

/** Whether all its parts can be read again: texts, buffers, and the functions that form-data puts between them. */
function isNodeForm(data: unknown): data is NodeForm {
  if (typeof data !== 'object' || data === null) return false
  const { [PARTS]: parts, getBuffer, getHeaders } = data as Partial<NodeForm>
  if (typeof getBuffer !== 'function' || typeof getHeaders !== 'function') return false
  const isReplayable = (part: unknown) =>
    typeof part === 'string' || typeof part === 'function' || ArrayBuffer.isView(part)
  return Array.isArray(parts) && parts.every(isReplayable)
}

/** Sending it takes its parts away, so they are remembered; sent again they go as a buffer. */
function formBody(form: NodeForm, how: 'whole' | undefined): Body {
  const remembered = Object.create(form, { [PARTS]: { value: [...form[PARTS]] } }) as NodeForm
  const type = form.getHeaders()['content-type']
  let isSent = how === 'whole' // what is added to it while the request waits is not sent
  return {
    next() {
      const again = isSent
      isSent = true
      return again ? { data: remembered.getBuffer(), type } : { data: form }
    },
    replayable: true,
  }
}
