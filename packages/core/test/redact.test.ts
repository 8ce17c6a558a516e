import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact } from '../src/redact.ts'

const SECRET = `correct "horse" \\ <battery> & 'staple' +100%`

describe('a text that repeats a secret', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify(SECRET)],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ['in a form', new URLSearchParams({ a: SECRET }).toString()],
    ['in a URL', encodeURIComponent(SECRET)],
    ['encoded twice', encodeURIComponent(encodeURIComponent(SECRET))],
    [
      'in HTML',
      SECRET.replace(/&/g, '&amp;')
        .replace(/</g, '&lt;')
        .replace(/>/g, '&gt;')
        .replace(/"/g, '&quot;')
        .replace(/'/g, '&#39;'),
    ],
    [
      'in HTML by numbers',
      SECRET.replace(/[&<>"']/g, (char) => `&#x${char.charCodeAt(0).toString(16)};`),
    ],
    ['in base64', Buffer.from(`ada:${SECRET}`).toString('base64')],
    ['in base64 behind one byte more', Buffer.from(`adam:${SECRET}`).toString('base64')],
    ['in base64 behind two bytes more', Buffer.from(`adams:${SECRET}`).toString('base64url')],
  ])('%s does not show it', (_, spelt) => {
    const told = redact(`The body was ${spelt}, which is wrong.`, [SECRET])
    expect(told).toContain('[redacted]')
    expect(told).not.toMatch(/horse|battery|staple|aG9yc2|YmF0dGVye/)
  })

  it('cut at its end, or at its beginning, does not show what is left', () => {
    expect(redact(`body: ${SECRET.slice(0, 20)}`, [SECRET])).toBe('body: [redacted]')
    expect(redact(`${SECRET.slice(-20)} was the body`, [SECRET])).toBe('[redacted] was the body')
  })

  it('does not lose its other words where the secret is as short as one', () => {
    expect(redact('a PIN of 12 is too short, 120 too', ['12'])).toBe(
      'a PIN of [redacted] is too short, 120 too',
    )
  })
})

it('whatever the secret, no text shows it as it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(!'[redacted]'.includes(secret))
      expect(redact(before + secret + after, [secret])).not.toContain(secret)
    }),
  )
})
