import { describe, expect, it } from 'vitest'
import { LatchkeyError } from '../src/index.ts'
import { isAnswerLost } from '../src/grant/lost-answer.ts'

const named = (name: string) => Object.assign(new Error('of another copy'), { name })
const coded = (code: string) => Object.assign(new Error('failed'), { code })
const failed = (cause: unknown) => new TypeError('fetch failed', { cause })

describe('an answer', () => {
  it.each<readonly [string, unknown]>([
    ['fetch without a reason, as in a page', new TypeError('Failed to fetch')],
    ['fetch, when the connection broke', failed(coded('UND_ERR_SOCKET'))],
    ['JSON that breaks off', new SyntaxError('Unexpected end of JSON input')],
    ['a signal', named('AbortError')],
    ['a time limit', named('TimeoutError')],
    ['ky', named('NetworkError')],
    ...['ERR_NETWORK', 'ECONNABORTED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].map(
      (code) => [code, coded(code)] as const,
    ),
    ['an answer without a token', new LatchkeyError('ERR_UNUSABLE_TOKEN', 'no token')],
    ['axios, whose answer broke off', Object.assign(coded('any'), { response: { status: 200 } })],
    ['Cloudflare, which stopped waiting', Object.assign(new Error('gone'), { status: 522 })],
    ['an error with a good status', Object.assign(coded('any'), { status: 200 })],
    ['a service, in its own words', new Error('not reached', { cause: named('AbortError') })],
  ])('may be lost: %s', (_, error) => {
    expect(isAnswerLost(error)).toBe(true)
  })

  it.each<readonly [string, unknown]>([
    ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].map(
      (code) => [code, failed(coded(code))] as const,
    ),
    ['no connection in time', failed(coded('UND_ERR_CONNECT_TIMEOUT'))],
    ['axios and a 503', Object.assign(coded('ETIMEDOUT'), { response: { status: 503 } })],
    ['an error with a bad status', Object.assign(named('AbortError'), { status: 400 })],
    ['a plain error', new Error('The server answered 503.')],
    ['a text', 'TypeError'],
    ['nothing', undefined],
    ['null', null],
  ])('was none, or is known: %s', (_, error) => {
    expect(isAnswerLost(error)).toBe(false)
  })

  it('is not searched for in an endless chain of causes', () => {
    const error = new Error('mine')
    error.cause = error
    expect(isAnswerLost(error)).toBe(false)
  })
})
