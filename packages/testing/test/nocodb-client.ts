import type { NocoDBDouble } from '@latchkey/testing'

/** The user of most tests. The password is the canary: it must never show up in an output. */
export const ada = { email: 'ada@example.com', password: 'CANARY-7f3a-1' }

export type Send = typeof fetch

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly cookies: readonly string[]
}

/** Speaks to a double like a bare client: nothing is added, nothing is retried. */
export function clientOf(send: Send, baseUrl = 'http://nocodb.test') {
  const call = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await send(baseUrl + path, { method, ...init })
    const text = await response.text()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return { status: response.status, body, cookies: response.headers.getSetCookie() }
  }
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    call('POST', path, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })

  return {
    call,
    post,
    get: (path: string, headers: Record<string, string> = {}) => call('GET', path, { headers }),
    refresh: (cookie: string) =>
      call('POST', '/api/v1/auth/token/refresh', { headers: { cookie } }),
    async signIn(user = ada) {
      const answer = await post('/api/v1/auth/user/signin', user)
      return { answer, accessToken: tokenIn(answer.body), cookie: cookieIn(answer) }
    },
  }
}

/** A double that knows Ada, with a client in process. */
export function withAda(double: NocoDBDouble) {
  double.control.addUser(ada)
  return { double, control: double.control, ...clientOf(double.fetch) }
}

export function tokenIn(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'token' in body) return String(body.token)
  return ''
}

export function cookieIn({ cookies }: Answer): string {
  return cookies.find((line) => line.startsWith('refresh_token='))?.split(';')[0] ?? ''
}

export const bases = '/api/v2/meta/bases'
