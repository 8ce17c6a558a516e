import { unboxed } from './answer.ts'

/** Names of fields with which servers describe an error, the most specific first: as they are without `_`, in lower case. */
const NAMES = 'message msg detail errordescription errormessage errorsummary description details'
/** Names whose text is only a title or a code. They count if no other field has a description. */
const TITLES = 'title error err reason errors nonfielderrors'

/** How deep a description may be. */
const MAX_LEVELS = 4

/**
 * Returns the server's description of an error: the text of the first field with a usual name, the outermost first.
 * Empty if there is none, or the body is an HTML page.
 *
 * @param body The parsed JSON, or the text itself.
 */
export function wordsOf(body: unknown): string {
  const whole = unboxed(body)
  if (typeof whole === 'string') return /^\s*</.test(whole) ? '' : whole.trim()
  return textOf(whole, NAMES) || textOf(whole, TITLES)
}

function textOf(body: unknown, names: string): string {
  let level: unknown[] = [body]
  for (let depth = 0; depth < MAX_LEVELS; depth += 1) {
    const fields = level.flatMap((one) => Object.entries(Object(one)))
    for (const name of names.split(' ')) {
      for (const [key, value] of fields) {
        const text = unboxed(value)
        const isNamed = key.replaceAll('_', '').toLowerCase() === name
        if (isNamed && typeof text === 'string' && text !== '') return text
      }
    }
    level = fields.map(([, value]) => value).filter((value) => typeof value === 'object')
  }
  return ''
}

/** Words of a server that has rejected the origin or the number of requests, before it looked at what they carry. */
const CSRF =
  /csrf|xsrf|authenticity ?token|(null|invalid|missing|allowed|untrusted) *origin|origin.*(not allowed|invalid|missing|null)/i
const LIMITED = /rate ?limit|too many|quota|\bip\b/i
/** Words of a gateway about the key of an app. */
const APP_KEY = /(api|subscription) ?key/i
/** Words about a request that the API has not read, and about an incomplete one. */
const UNREAD =
  /validation|invalid (input|type|value|request|body|payload|json|parameter|argument)|unexpected (field|property)|json pars|pars.*(json|body|request)|read request|header not found/i
const INCOMPLETE =
  /required|missing|must (not )?be|should (not )?(be|exist)|cannot be (empty|blank|null)|not provided|no ([\w-]+ )?token/i
/** With 401, what is missing has to be named, because such an API may also call a dead session "authentication required". */
const CARRIED = /token|jwt|header|cookie/i
/** Words of an API that has judged what it got. */
export const JUDGED =
  /invalid|\bvalid\b|expired|revoked|incorrect|wrong|denied|unauthori[sz]ed|forbidden|no longer|does not match|mismatch|unknown|not found|no such|blacklist|malformed|locked|suspended|disabled|bad (password|credentials)/i

/** Returns whether a server says that it did not look at what the request carries. */
export const isUnasked = (said: string): boolean =>
  CSRF.test(said) || (LIMITED.test(said) && !JUDGED.test(said))

/**
 * Returns whether a server says that the request was incomplete or unreadable, so that it has not judged the token.
 *
 * @param hasFields Whether the answer contains errors of fields.
 */
export function isUnread(said: string, status: number, hasFields = false): boolean {
  if (status !== 401 && UNREAD.test(said)) return true
  const isIncomplete =
    status === 401
      ? CARRIED.test(said) && INCOMPLETE.test(said)
      : hasFields || INCOMPLETE.test(said)
  return isIncomplete && !JUDGED.test(said)
}

/** Returns whether a server that rejects a request says that this was not about the token in it. */
export const isUnjudged = (said: string, status: number, hasFields = false): boolean =>
  isUnasked(said) || APP_KEY.test(said) || isUnread(said, status, hasFields)
