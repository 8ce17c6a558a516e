import { Buffer } from 'node:buffer'
import { bearer, headerScheme, type Scheme } from '@latchkey/core'
import { cookieScheme } from '@latchkey/jwt'
import type { TokenReading } from '@latchkey/testing/node'
import { describe } from 'vitest'
import { runContract } from './support/run-contract.ts'
import { subjects } from './support/subjects.ts'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JWT without an expiry. Its signature is the word, so that a leak of it is found. */
const makeToken = (word: string) => `${part({ alg: 'HS256' })}.${part({ sub: 'ada' })}.${word}`

const schemes: [string, Scheme, TokenReading][] = [
  ['a JWT as bearer', bearer(), { makeToken }],
  [
    'a JWT in a header of its own',
    headerScheme('x-access-token'),
    { makeToken, tokenOf: ({ headers }) => headers['x-access-token'] },
  ],
  [
    'a JWT in a cookie',
    cookieScheme('token'),
    { makeToken, tokenOf: ({ headers }) => /^token=(.+)$/.exec(headers['cookie'] ?? '')?.[1] },
  ],
]

describe.each(schemes)('%s', (_, scheme, reading) => {
  describe.each(subjects)('$name', ({ subject }) => {
    runContract({ ...subject, scheme }, reading)
  })
})
