import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import type { Scheme } from '@latchkey/core'
import type { TokenReading } from '@latchkey/testing/node'
import { describe } from 'vitest'
import { runContract } from './support/run-contract.ts'
import { subjects } from './support/subjects.ts'

const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex')

/** Signs each sending anew: the token's secret half never leaves, and no two headers are the same. */
const signed: Scheme = {
  name: 'signed',
  header: 'x-signed-token',
  async headers({ accessToken }) {
    const [id = '', secret = ''] = accessToken.split(':')
    const nonce = crypto.randomUUID()
    const signature = await sign(secret, nonce)
    return {
      'X-Signed-Token': `Signed token_id="${id}", nonce="${nonce}", signature="${signature}"`,
    }
  },
}

/** With the platform's own cryptography, which answers by promise. */
async function sign(secret: string, nonce: string): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(secret), algorithm, false, ['sign'])
  return Buffer.from(await crypto.subtle.sign('HMAC', key, bytes(nonce))).toString('hex')
}

/** The server's half: it knows each token's secret, and takes a signature once for each path. */
function verifier(): TokenReading {
  const used = new Set<string>()
  const makeToken = (word: string) => `${word}:${hmac('server', word)}`
  return {
    makeToken,
    tokenOf({ path, headers }) {
      const header = headers['x-signed-token'] ?? ''
      const [, id = '', nonce = '', signature] =
        /^Signed token_id="(.+)", nonce="(.+)", signature="(.+)"$/.exec(header) ?? []
      const token = makeToken(id)
      const use = `${nonce} ${path}`
      if (signature !== hmac(token.split(':')[1] ?? '', nonce) || used.has(use)) return undefined
      used.add(use)
      return token
    },
  }
}

describe.each(subjects)('$name with a scheme that signs each request', ({ subject }) => {
  runContract({ ...subject, scheme: signed }, verifier())
})
