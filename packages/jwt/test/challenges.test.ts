import { expect, test } from 'vitest'
import { parseChallenges } from '../src/index.ts'

/** Scheme and parameters, in one line each. */
const read = (header: string | null) =>
  parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)])

test.each([
  ['no header', null, []],
  ['an empty one', '', []],
  ['a scheme alone', 'Bearer', [['bearer', {}]]],
  ['a scheme in any case', 'BEARER Realm=api', [['bearer', { realm: 'api' }]]],
  [
    'quoted commas and quotes',
    'Bearer realm="a, b", error="invalid_token", error_description="it \\"said\\" no, twice"',
    [
      [
        'bearer',
        { realm: 'a, b', error: 'invalid_token', error_description: 'it "said" no, twice' },
      ],
    ],
  ],
  [
    'several challenges in one header',
    'Basic realm="simple", Bearer error="invalid_token"',
    [
      ['basic', { realm: 'simple' }],
      ['bearer', { error: 'invalid_token' }],
    ],
  ],
  [
    'a token68 between challenges',
    'Negotiate YII+/x==, Bearer error=invalid_token',
    [
      ['negotiate', {}],
      ['bearer', { error: 'invalid_token' }],
    ],
  ],
  [
    'white space around the equals sign, and empty list elements',
    ',, Bearer error = "invalid_token" ,, realm="x"',
    [['bearer', { error: 'invalid_token', realm: 'x' }]],
  ],
  ['of two parameters with one name the first', 'Bearer a=1, A=2', [['bearer', { a: '1' }]]],
  ['what makes sense before what does not', 'Bearer a=1, "oops", b=2', [['bearer', { a: '1' }]]],
  ['no scheme in a parameter that has no end', 'Bearer a=1, b = "x', [['bearer', { a: '1' }]]],
  ['a parameter before any scheme: nothing of it', 'error="x"', []],
  ['an own property of no name', 'Bearer __proto__=x', [['bearer', { ['__proto__']: 'x' }]]],
])('parseChallenges() reads %s', (_, header, expected) => {
  expect(read(header)).toEqual(expected)
})

test('text that is not a challenge is left out, at any length', () => {
  expect(read(`Bearer ${', ='.repeat(50_000)}`)).toEqual([['bearer', {}]])
  expect(read(`Bearer a="${'\\"'.repeat(50_000)}`)).toEqual([['bearer', {}]])
})
