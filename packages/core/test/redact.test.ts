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

  it.each([
    ['JSON of PHP', 'a/b/c é "d"', String.raw`a\/b\/c \u00e9 \"d\"`],
    ['JSON of Go', '<&> correct', String.raw`\u003c\u0026\u003E correct`],
    ['JSON in a form', 'a "b" c+d/e', 'a+%5C%22b%5C%22+c%2Bd%2fe'],
    ['a URL that leaves what it can', 'a+b/c d"e', 'a+b/c%20d%22e'],
    ['HTML by decimal numbers', 'a+b=c/d`e', '&#97;&#43;b&#61;c&#047;d&#96;e'],
    ['HTML in JSON', 'a<b>"c', String.raw`a\u0026lt;b&gt;&quot;c`],
    ['a URL, encoded three times', 'a b/c', 'a%252520b%25252Fc'],
  ])('spelled as in %s is not shown', (_, secret, spelt) => {
    expect(redact(`It was ${spelt}; no.`, [secret])).toBe('It was [redacted]; no.')
  })

  it('does not show what is left where it was cut at both ends', () => {
    expect(redact(`… ${SECRET.slice(9, 30)} …`, [SECRET])).toBe('… [redacted] …')
    const cut = encodeURIComponent(SECRET).slice(6, 40)
    expect(redact(`… ${cut} …`, [SECRET])).not.toMatch(/horse|battery/)
  })

  it('that is very long is cut', () => {
    expect(redact('a'.repeat(1e6), ['secret']).length).toBeLessThan(20_000)
  })

  it('with an escape beyond Unicode is left as it is', () => {
    expect(redact('&#9999999; &#xffffff; %f7%bf%bf%bf a', ['secret'])).toContain('&#9999999;')
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
