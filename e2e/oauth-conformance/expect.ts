import { deepEqual, equal, ok } from 'node:assert/strict'
import { type Answer, isActive, type OAuthTarget } from './target.ts'

/** The answer is an OAuth error with this status. */
export function refused(answer: Answer, status: number, error: string): void {
  deepEqual({ status: answer.status, error: answer.json['error'] }, { status, error })
}

/** The answer is a token answer. */
export function accepted(answer: Answer): Answer['json'] {
  const { status, json } = answer
  equal(status, 200, `status ${status}, error ${String(json['error'])}`)
  equal(typeof json['access_token'], 'string')
  return json
}

export async function active(target: OAuthTarget, expected: boolean, ...tokens: unknown[]) {
  for (const token of tokens) {
    equal(typeof token, 'string')
    equal(await isActive(target, token), expected, `active is not ${expected}`)
  }
}

/** The challenge has this scheme and these parameters. */
export function challenged(answer: Answer, scheme: string, parameters: Record<string, string>) {
  const header = answer.headers.get('www-authenticate') ?? ''
  ok(header.startsWith(`${scheme} `), header)
  for (const [name, value] of Object.entries(parameters)) {
    ok(header.includes(`${name}="${value}"`), `${name}="${value}" is missing: ${header}`)
  }
}
