import { createHmac } from 'node:crypto'
import type { ConformanceTarget, Credentials } from './target.ts'
import type { Answer } from './wire.ts'
import { field, textField } from './wire.ts'

/** What a sign-in, a sign-up or a refresh leaves the client with. */
export interface Session {
  readonly answer: Answer
  readonly accessToken: string
  /** Ready to be sent as a `Cookie` header. */
  readonly cookie: string
}

const auth = '/api/v1/auth'

export async function signUp(target: ConformanceTarget, user: Credentials): Promise<Session> {
  return sessionOf(await target.wire('POST', `${auth}/user/signup`, { body: user }))
}

export async function signIn(target: ConformanceTarget, user: Credentials): Promise<Session> {
  return sessionOf(await target.wire('POST', `${auth}/user/signin`, { body: user }))
}

/** @returns the bare answer, because many a case expects a refusal. */
export function refresh(target: ConformanceTarget, cookie: string): Promise<Answer> {
  return target.wire('POST', `${auth}/token/refresh`, { headers: { cookie } })
}

export function sessionOf(answer: Answer): Session {
  const accessToken = textField(answer.json, 'token')
  return { answer, accessToken, cookie: refreshCookieOf(answer) }
}

/** @returns name and value of the refresh cookie, found by name among all cookies. */
export function refreshCookieOf(answer: Answer): string {
  const line = answer.cookies.find((one) => one.startsWith('refresh_token='))
  return line?.split(';')[0] ?? ''
}

/** @returns the status of a read with these headers: the short way to ask whether they are any good. */
export async function readStatus(
  target: ConformanceTarget,
  headers: Record<string, string>,
): Promise<number> {
  return (await target.wire('GET', target.recordsPath, { headers })).status
}

/** @returns whom the server takes the sender for: an e-mail address, or `guest`. */
export async function whoAmI(
  target: ConformanceTarget,
  headers: Record<string, string>,
): Promise<string> {
  const { json } = await target.wire('GET', `${auth}/user/me`, { headers })
  return field(json, 'roles', 'guest') === true ? 'guest' : textField(json, 'email')
}

export async function newApiToken(
  target: ConformanceTarget,
  accessToken: string,
): Promise<{ id: number; token: string }> {
  const { json } = await target.wire('POST', '/api/v1/tokens', {
    headers: { 'xc-auth': accessToken },
    body: { description: 'conformance' },
  })
  return { id: Number(field(json, 'id')), token: textField(json, 'token') }
}

export type Claims = Record<string, unknown>

export function claimsOf(accessToken: string): Claims {
  const [, payload = ''] = accessToken.split('.')
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return Object.fromEntries(Object.entries(claims ?? {}))
}

/** @returns the same token with other claims, signed anew; `undefined` takes a claim out. */
export function forged(accessToken: string, changes: Claims, secret: string): string {
  const header = accessToken.split('.')[0]
  const claims = JSON.stringify({ ...claimsOf(accessToken), ...changes })
  const content = `${header}.${Buffer.from(claims).toString('base64url')}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}
