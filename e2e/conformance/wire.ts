/** One answer, read to the end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body; undefined when it is no JSON. */
  readonly json: unknown
  /** Every `Set-Cookie` line. */
  readonly cookies: readonly string[]
}

interface Message {
  headers?: Record<string, string>
  /** Sent as JSON. */
  body?: unknown
  /** Sent as it is, with the content type of JSON. */
  rawBody?: string
}

export type Wire = (method: string, path: string, message?: Message) => Promise<Answer>

/** @returns a function that sends one request below `baseUrl`, and nothing but what it is told. */
export function openWire(baseUrl: string, fetchOne: typeof fetch): Wire {
  return async (method, path, { headers = {}, body, rawBody } = {}) => {
    const payload = rawBody ?? (body === undefined ? undefined : JSON.stringify(body))
    const type = payload === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetchOne(baseUrl + path, {
      method,
      headers: { ...type, ...headers },
      ...(payload === undefined ? {} : { body: payload }),
    })
    const text = await response.text()
    const cookies = response.headers.getSetCookie()
    return { status: response.status, headers: response.headers, text, json: parsed(text), cookies }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @returns one field of a JSON object, at any depth: `field(answer.json, 'pageInfo', 'totalRows')`. */
export function field(json: unknown, ...path: (string | number)[]): unknown {
  let value = json
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, name)
  }
  return value
}

export function textField(json: unknown, ...path: (string | number)[]): string {
  const value = field(json, ...path)
  if (typeof value !== 'string') throw new TypeError(`no text in ${path.join('.')}`)
  return value
}
